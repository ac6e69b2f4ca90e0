// Any bytes as the expressions of an nf_tables rule.

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "firewall/nft/rule.h"
#include "firewall/trace/match.h"
#include "firewall/trace/target.h"
#include "firewall/trace/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of just that size, so that the sanitizer sees a byte read past its end.
  const std::vector<std::uint8_t> bytes(data, data + size);
  const auto rule = overland::firewall::nft::decode_rule(
      bytes, [](const std::string& /*set*/) { return std::nullopt; });
  if (rule != rule) std::abort();
  overland::firewall::trace::rule_text(bytes);
  const overland::firewall::trace::TracedPacket packet;
  overland::firewall::trace::PacketState state(packet);
  overland::firewall::trace::extension_matches(bytes, state);
  overland::firewall::trace::follow_target(bytes, overland::firewall::trace::Answer::kMaybe, state);
  return 0;
}
