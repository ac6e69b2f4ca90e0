#pragma once
// libnftables with JSON in and out. Names and values are data of a JSON document, never text of a
// script, so nothing in them can become a command. One run is one transaction.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

struct nft_ctx;

namespace overland::firewall {

class NftContext {
 public:
  NftContext();

  /// Carries out `commands` (an array) as one transaction. Throws with the kernel's errno where the
  /// message tells it: kPrivilege for EPERM, kFailure else; nothing has changed then. Takes the
  /// commands over: with ten thousand elements libnftables needs their memory.
  void run(nlohmann::json commands);
  /// The objects of a listing ("list" commands), without its metainfo; elements of named sets left
  /// out.
  nlohmann::json list(const nlohmann::json& command);
  /// What `nft -a` prints for this chain: rules as an administrator knows them, with handles. Empty
  /// where a name would need quoting.
  std::string chain_text(const std::string& family, const std::string& table,
                         const std::string& chain);

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  std::string execute(const std::string& document);

  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace overland::firewall
