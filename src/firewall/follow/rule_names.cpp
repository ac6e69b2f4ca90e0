#include "firewall/follow/rule_names.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <cstdint>

#include "firewall/attributes.h"
#include "firewall/nft/dump.h"
#include "firewall/printable.h"
#include "firewall/trace/text.h"

namespace overland::firewall::follow {
namespace {

/// What nft(8) keeps beside a rule: type, length and value, one after the other.
std::string comment_in(Bytes userdata) {
  constexpr std::uint8_t kComment = 0;  // NFTNL_UDATA_RULE_COMMENT of libnftnl/udata.h
  while (userdata.size() >= 2) {
    const std::size_t size = userdata[1];
    if (size > userdata.size() - 2) break;
    if (userdata[0] == kComment) return text_of(userdata.subspan(2, size));
    userdata = userdata.subspan(2 + size);
  }
  return "";
}

std::string words_of(Bytes rule) {
  const std::string words = trace::rule_text(find_attribute(rule, NFTA_RULE_EXPRESSIONS));
  const std::string comment = comment_in(find_attribute(rule, NFTA_RULE_USERDATA));
  return comment.empty() ? words : words + " comment \"" + printable(comment) + "\"";
}

}  // namespace

const RuleNames::Rules& RuleNames::rules(const Place& place) {
  const Place chain = {place.family, place.table, place.chain, 0};
  const auto [found, fresh] = known_.try_emplace(chain);
  if (!fresh) return found->second;
  nft::Request request{NFT_MSG_GETRULE, place.family, {}};
  put_text(request.attributes, NFTA_RULE_TABLE, place.table);
  put_text(request.attributes, NFTA_RULE_CHAIN, place.chain);
  Rules& rules = found->second;
  socket_.dump(
      request, [&] { rules.clear(); },
      [&](std::uint8_t, Bytes rule) {
        // Kernels before 4.7 list other chains, too.
        if (text_of(find_attribute(rule, NFTA_RULE_CHAIN)) != place.chain) return;
        rules.emplace_back(number64_of(find_attribute(rule, NFTA_RULE_HANDLE)), words_of(rule));
      });
  return rules;
}

std::string RuleNames::name(const Place& place) {
  const std::string family =
      place.family == NFPROTO_IPV4 ? "" : nft::family_name(place.family) + " ";
  const std::string chain = family + printable(place.table) + " " + printable(place.chain);
  if (place.handle == 0) return "the policy of " + chain;
  std::size_t number = 0;
  for (const auto& [handle, words] : rules(place)) {
    ++number;
    if (handle != place.handle) continue;
    std::string name = chain + ", rule " + std::to_string(number);
    return name.append(": ").append(words);
  }
  return chain + ", a rule that is gone (handle " + std::to_string(place.handle) + ")";
}

}  // namespace overland::firewall::follow
