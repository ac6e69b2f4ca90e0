#pragma once
// libnftables' listings, in JSON and as nft(8) prints them, of tables that are not ours. Nothing is
// written through it: see nft_transaction.h.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

struct nft_ctx;

namespace overland::firewall {

class NftContext {
 public:
  NftContext();

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
