#include "firewall/nft/dump.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>
#include <functional>

#include "firewall/attributes.h"
#include "firewall/nft/numbers.h"
#include "firewall/nft/rule.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

std::optional<Hook> hook_of(Bytes chain) {
  const Bytes hook = find_attribute(chain, NFTA_CHAIN_HOOK);
  if (hook.empty()) return std::nullopt;
  Hook result;
  result.type = text_of(find_attribute(chain, NFTA_CHAIN_TYPE));
  result.number = number32_of(find_attribute(hook, NFTA_HOOK_HOOKNUM));
  result.priority =
      static_cast<std::int32_t>(number32_of(find_attribute(hook, NFTA_HOOK_PRIORITY)));
  constexpr std::uint32_t kDrop = 0;  // NF_DROP of linux/netfilter.h
  const Bytes policy = find_attribute(chain, NFTA_CHAIN_POLICY);
  result.policy_drop = !policy.empty() && number32_of(policy) == kDrop;
  result.device = text_of(find_attribute(hook, NFTA_HOOK_DEV));
  for_each_attribute(find_attribute(hook, NFTA_HOOK_DEVS), [&](const Attribute& one) {
    constexpr std::uint16_t kPrefix = 2;  // NFTA_DEVICE_PREFIX, Linux 6.16
    result.devices.push_back(text_of(one.data) + (one.type == kPrefix ? "*" : ""));
  });
  if (result.devices.empty() && !result.device.empty()) result.devices = {result.device};
  return result;
}

RuleEntry rule_of(Bytes rule) {
  RuleEntry result;
  result.chain = text_of(find_attribute(rule, NFTA_RULE_CHAIN));
  result.handle = number64_of(find_attribute(rule, NFTA_RULE_HANDLE));
  result.plain = true;
  for_each_attribute(find_attribute(rule, NFTA_RULE_EXPRESSIONS), [&](const Attribute& element) {
    const std::string name = text_of(find_attribute(element.data, NFTA_EXPR_NAME));
    const Bytes data = find_attribute(element.data, NFTA_EXPR_DATA);
    if (name == "immediate") {
      const Bytes value = find_attribute(data, NFTA_IMMEDIATE_DATA);
      const Bytes verdict = find_attribute(value, NFTA_DATA_VERDICT);
      result.jump = text_of(find_attribute(verdict, NFTA_VERDICT_CHAIN));
      const auto code =
          static_cast<std::int32_t>(number32_of(find_attribute(verdict, NFTA_VERDICT_CODE)));
      result.goes = code == NFT_GOTO;
      result.returns = code == NFT_RETURN;
      result.decides = code == NF_ACCEPT || code == NF_DROP;
    } else if (name == "match") {
      // iptables-nft keeps a comment as an xtables match once it has restored a rule.
      if (text_of(find_attribute(data, NFTA_MATCH_NAME)) != "comment") result.plain = false;
    } else if (name != "counter") {
      result.plain = false;
    }
  });
  if (!result.plain && result.jump.starts_with(model::kChainPrefix)) {
    result.mark = mark_asked(find_attribute(rule, NFTA_RULE_EXPRESSIONS));
  }
  return result;
}

Request rules_request(const std::string& table, const std::string& chain, std::uint8_t family) {
  Request request{NFT_MSG_GETRULE, family, {}};
  put_text(request.attributes, NFTA_RULE_TABLE, table);
  if (!chain.empty()) put_text(request.attributes, NFTA_RULE_CHAIN, chain);
  return request;
}

Request elements_request(const std::string& table, const std::string& set,
                         std::uint8_t family = kIpFamily) {
  Request request{NFT_MSG_GETSETELEM, family, {}};
  put_text(request.attributes, NFTA_SET_ELEM_LIST_TABLE, table);
  put_text(request.attributes, NFTA_SET_ELEM_LIST_SET, set);
  return request;
}

/// One element of a message.
struct Element {
  Bytes key;
  bool end = false;    // of an interval
  bool plain = false;  // a key and nothing else
};

void for_each_element(Bytes message, const std::function<void(const Element&)>& visit) {
  for_each_attribute(
      find_attribute(message, NFTA_SET_ELEM_LIST_ELEMENTS), [&](const Attribute& element) {
        const std::uint32_t flags = number32_of(find_attribute(element.data, NFTA_SET_ELEM_FLAGS));
        Element one;
        one.key = find_attribute(find_attribute(element.data, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
        one.end = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;
        one.plain = (flags & ~std::uint32_t{NFT_SET_ELEM_INTERVAL_END}) == 0;
        for (const std::uint16_t more : {NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS,
                                         NFTA_SET_ELEM_TIMEOUT, NFTA_SET_ELEM_OBJREF}) {
          one.plain = one.plain && find_attribute(element.data, more).empty();
        }
        visit(one);
      });
}

}  // namespace

std::vector<TableEntry> Dump::tables(std::uint8_t family) {
  std::vector<TableEntry> result;
  socket_.dump(
      {NFT_MSG_GETTABLE, family, {}}, [&] { result.clear(); },
      [&](std::uint8_t of, Bytes table) {
        if (of != family) return;
        result.push_back({text_of(find_attribute(table, NFTA_TABLE_NAME)),
                          number32_of(find_attribute(table, NFTA_TABLE_FLAGS)),
                          number32_of(find_attribute(table, NFTA_TABLE_OWNER))});
      });
  return result;
}

std::string family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_NETDEV:
      return "netdev";
    case NFPROTO_BRIDGE:
      return "bridge";
    case NFPROTO_IPV6:
      return "ip6";
    default:
      return "of family " + std::to_string(family);
  }
}

std::vector<std::string> Dump::tables_named(std::string_view name) {
  std::vector<std::string> result;
  socket_.dump(
      {NFT_MSG_GETTABLE, 0, {}}, [&] { result.clear(); },
      [&](std::uint8_t family, Bytes table) {
        if (text_of(find_attribute(table, NFTA_TABLE_NAME)) != name) return;
        result.push_back("table " + family_name(family) + " " + std::string(name));
      });
  return result;
}

std::vector<ChainEntry> Dump::chains(std::uint8_t family) {
  std::vector<ChainEntry> result;
  socket_.dump(
      {NFT_MSG_GETCHAIN, family, {}}, [&] { result.clear(); },
      [&](std::uint8_t of, Bytes chain) {
        result.push_back({of, text_of(find_attribute(chain, NFTA_CHAIN_TABLE)),
                          text_of(find_attribute(chain, NFTA_CHAIN_NAME)), hook_of(chain),
                          number32_of(find_attribute(chain, NFTA_CHAIN_USE))});
      });
  return result;
}

std::vector<RuleEntry> Dump::rules(const std::string& table, const std::string& chain) {
  std::vector<RuleEntry> result;
  socket_.dump(
      rules_request(table, chain, kIpFamily), [&] { result.clear(); },
      [&](std::uint8_t, Bytes rule) { result.push_back(rule_of(rule)); });
  return result;
}

std::vector<std::vector<std::uint8_t>> Dump::expressions(const std::string& table,
                                                         const std::string& chain,
                                                         std::uint8_t family) {
  std::vector<std::vector<std::uint8_t>> result;
  socket_.dump(
      rules_request(table, chain, family), [&] { result.clear(); },
      [&](std::uint8_t, Bytes rule) {
        const Bytes found = find_attribute(rule, NFTA_RULE_EXPRESSIONS);
        result.emplace_back(found.begin(), found.end());
      });
  return result;
}

std::vector<SetEntry> Dump::sets(const std::string& table) {
  Request request{NFT_MSG_GETSET, kIpFamily, {}};
  put_text(request.attributes, NFTA_SET_TABLE, table);
  std::vector<SetEntry> result;
  socket_.dump(
      request, [&] { result.clear(); },
      [&](std::uint8_t, Bytes set) {
        result.push_back({text_of(find_attribute(set, NFTA_SET_NAME)),
                          number32_of(find_attribute(set, NFTA_SET_FLAGS)),
                          number32_of(find_attribute(set, NFTA_SET_KEY_TYPE))});
      });
  return result;
}

std::vector<std::string> Dump::others(const std::string& table) {
  std::vector<std::string> result;
  const auto list = [&](std::uint16_t message, std::uint16_t table_name, std::uint16_t name) {
    Request request{message, kIpFamily, {}};
    put_text(request.attributes, table_name, table);
    const auto before = static_cast<std::ptrdiff_t>(result.size());
    socket_.dump(
        request, [&] { result.erase(result.begin() + before, result.end()); },
        [&](std::uint8_t family, Bytes object) {
          if (family != kIpFamily || text_of(find_attribute(object, table_name)) != table) return;
          result.push_back(text_of(find_attribute(object, name)));
        });
  };
  list(NFT_MSG_GETOBJ, NFTA_OBJ_TABLE, NFTA_OBJ_NAME);
  list(NFT_MSG_GETFLOWTABLE, NFTA_FLOWTABLE_TABLE, NFTA_FLOWTABLE_NAME);
  return result;
}

Held<Range> Dump::ranges(const std::string& table, const std::string& set, bool interval,
                         std::uint8_t family) {
  // An interval is two elements: its first address, and the one after its last, marked as an end;
  // an end is left out where the next interval begins there or the address space ends.
  struct Bound {
    std::uint32_t key;
    bool end;
    bool operator<(const Bound& other) const {
      return key != other.key ? key < other.key : end && !other.end;
    }
  };
  std::vector<Bound> bounds;
  Held<Range> result;
  socket_.dump(
      elements_request(table, set, family),
      [&] {
        bounds.clear();
        result.plain = true;
      },
      [&](std::uint8_t, Bytes message) {
        for_each_element(message, [&](const Element& element) {
          bounds.push_back({number32_of(element.key), element.end});
          result.plain = result.plain && element.plain;
        });
      });
  std::sort(bounds.begin(), bounds.end());
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (bounds[i].end) continue;
    if (!interval) {
      result.keys.push_back({bounds[i].key, bounds[i].key});
      continue;
    }
    const std::uint32_t last = i + 1 < bounds.size() ? bounds[i + 1].key - 1 : UINT32_MAX;
    result.keys.push_back({bounds[i].key, last});
  }
  return result;
}

Held<std::string> Dump::names(const std::string& table, const std::string& set) {
  Held<std::string> result;
  socket_.dump(
      elements_request(table, set), [&] { result = {}; },
      [&](std::uint8_t, Bytes message) {
        for_each_element(message, [&](const Element& element) {
          result.keys.push_back(text_of(element.key));
          result.plain = result.plain && element.plain;
        });
      });
  std::sort(result.keys.begin(), result.keys.end());
  return result;
}

Held<Sender> Dump::senders(const std::string& table, const std::string& set) {
  Held<Sender> result;
  socket_.dump(
      elements_request(table, set), [&] { result = {}; },
      [&](std::uint8_t, Bytes message) {
        for_each_element(message, [&](const Element& element) {
          result.plain = result.plain && element.plain && element.key.size() == kSenderSize;
          if (element.key.size() != kSenderSize) return;
          const std::uint32_t first = number32_of(element.key.subspan(kLinkNameSize));
          result.keys.push_back({text_of(element.key.first(kLinkNameSize)), {first, first}});
        });
      });
  std::sort(result.keys.begin(), result.keys.end());
  return result;
}

Held<Pair> Dump::pairs(const std::string& table, const std::string& set) {
  Held<Pair> result;
  socket_.dump(
      elements_request(table, set), [&] { result = {}; },
      [&](std::uint8_t, Bytes message) {
        for_each_element(message, [&](const Element& element) {
          result.plain = result.plain && element.plain && element.key.size() == kPairSize;
          if (element.key.size() != kPairSize) return;
          const std::uint32_t inner = number32_of(element.key.subspan(kPairSize / 2));
          result.keys.push_back({number32_of(element.key.first(kPairSize / 2)), {inner, inner}});
        });
      });
  std::sort(result.keys.begin(), result.keys.end());
  return result;
}

}  // namespace overland::firewall::nft
