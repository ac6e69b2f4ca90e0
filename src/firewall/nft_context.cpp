#include "firewall/nft_context.h"

#include <nftables/libnftables.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/error.h"

namespace overland::firewall {
namespace {

/// libnftables hands out words only; these are the kernel's, in the order of interest.
int errno_in(const std::string& message) {
  constexpr std::array<int, 9> kKnown = {EPERM,   ENOENT, EEXIST, EBUSY,     EINTR,
                                         ENOBUFS, ENOMEM, EINVAL, EOPNOTSUPP};
  for (const int error : kKnown) {
    if (message.find(base::errno_text(error)) != std::string::npos) return error;
  }
  return 0;
}

std::string one_line(const std::string& text) {
  std::string result = text.substr(0, text.find('\n'));
  const std::string prefix = "internal:0:0-0: ";  // where a script would have line and column
  if (result.starts_with(prefix)) result.erase(0, prefix.size());
  return result.empty() ? "libnftables gave no reason" : result;
}

/// Whether libnftables works just now.
bool inside = false;

/// libnftables calls exit(3), with codes of its own (src/netlink.c: NFT_EXIT_NONL), where it gets
/// no netlink socket or no memory; it has said why on standard error. The exit code of a failure
/// is 1.
void end_as_failure() {
  if (inside) ::_exit(EXIT_FAILURE);
}

class Inside {
 public:
  Inside() {
    static const int registered = std::atexit(end_as_failure);
    inside = registered == 0;
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { inside = false; }
};

nft_ctx* open_context() {
  const Inside guard;
  return ::nft_ctx_new(NFT_CTX_DEFAULT);
}

}  // namespace

void NftContext::Free::operator()(nft_ctx* context) const { ::nft_ctx_free(context); }

NftContext::NftContext() : context_(open_context()) {
  if (context_ == nullptr || ::nft_ctx_buffer_output(context_.get()) != 0 ||
      ::nft_ctx_buffer_error(context_.get()) != 0) {
    base::throw_errno("cannot start libnftables", ENOMEM);
  }
}

std::string NftContext::execute(const std::string& document) {
  const Inside guard;
  const int result = ::nft_run_cmd_from_buffer(context_.get(), document.c_str());
  const char* out = ::nft_ctx_get_output_buffer(context_.get());
  std::string output = out == nullptr ? "" : out;
  const char* err = ::nft_ctx_get_error_buffer(context_.get());
  const std::string message = one_line(err == nullptr ? "" : err);
  if (result == 0) return output;
  const int error = errno_in(message);
  throw base::Error(error == EPERM ? base::ErrorKind::kPrivilege : base::ErrorKind::kFailure,
                    "nf_tables: " + message, error);
}

nlohmann::json NftContext::list(const nlohmann::json& command) {
  ::nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE |
                                                 NFT_CTX_OUTPUT_TERSE |
                                                 NFT_CTX_OUTPUT_NUMERIC_PRIO);
  const std::string document =
      nlohmann::json{{"nftables", nlohmann::json::array({{{"list", command}}})}}.dump();
  const std::string output = execute(document);
  try {
    nlohmann::json objects = nlohmann::json::parse(output).at("nftables");
    nlohmann::json result = nlohmann::json::array();
    for (auto& object : objects) {
      if (!object.contains("metainfo")) result.push_back(std::move(object));
    }
    return result;
  } catch (const nlohmann::json::exception& error) {
    throw base::Error(base::ErrorKind::kInvalid,
                      std::string("cannot understand libnftables' listing: ") + error.what());
  }
}

std::string NftContext::chain_text(const std::string& family, const std::string& table,
                                   const std::string& chain) {
  // A text listing takes a text command: only names that mean themselves in one.
  const auto plain = [](const std::string& name) {
    return name.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
               "0123456789_-.") == std::string::npos;
  };
  if (!plain(family) || !plain(table) || !plain(chain)) return "";
  ::nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_TERSE);
  return execute("list chain " + family + " " + table + " " + chain);
}

}  // namespace overland::firewall
