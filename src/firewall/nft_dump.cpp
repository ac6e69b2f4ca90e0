#include "firewall/nft_dump.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "base/error.h"
#include "firewall/nft_attributes.h"

namespace overland::firewall {
namespace {

constexpr std::uint8_t kIpv4 = 2;              // NFPROTO_IPV4 of linux/netfilter.h
constexpr std::size_t kReceiveBuffer = 65536;  // the kernel's dumps use at most 32 KiB a message
// A script that calls iptables in a loop leaves gaps of a few milliseconds: one of many tries,
// spread over some time, falls into one.
constexpr std::chrono::milliseconds kPatience(2000);
constexpr std::chrono::milliseconds kLongestPause(10);

struct Request {
  std::uint16_t message = 0;  // NFT_MSG_…
  std::uint8_t family = kIpv4;
  std::vector<std::uint8_t> attributes;
};

using Visit = std::function<void(std::uint8_t family, Bytes attributes)>;

[[noreturn]] void fail(int error) {
  // nfnetlink answers EINVAL for a subsystem that is not there.
  if (error == EINVAL || error == EPROTONOSUPPORT || error == EOPNOTSUPP) {
    throw base::Error(base::ErrorKind::kUnsupported, "this kernel has no nf_tables", error);
  }
  base::throw_errno("cannot read the nf_tables rules", error);
}

void send(int fd, const Request& request, std::uint32_t sequence) {
  nlmsghdr header = {};
  nfgenmsg general = {};
  const std::size_t fixed = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof general);
  header.nlmsg_len = static_cast<std::uint32_t>(fixed + request.attributes.size());
  header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | request.message);
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = sequence;
  general.nfgen_family = request.family;
  general.version = NFNETLINK_V0;
  std::vector<std::uint8_t> message(fixed, 0);
  std::memcpy(message.data(), &header, sizeof header);
  std::memcpy(&message[NLMSG_HDRLEN], &general, sizeof general);
  message.insert(message.end(), request.attributes.begin(), request.attributes.end());
  if (::send(fd, message.data(), message.size(), 0) < 0) fail(errno);
}

/// One answer, to its end. ENOENT (no such table or set) is an empty one. False where the rules
/// changed under the dump, so that it may lack or repeat some.
bool receive(int fd, std::uint32_t sequence, const Visit& visit) {
  std::vector<std::uint8_t> buffer(kReceiveBuffer);
  bool consistent = true;
  for (;;) {
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_TRUNC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(errno);
    if (static_cast<std::size_t>(size) > buffer.size()) fail(EMSGSIZE);
    Bytes rest(buffer.data(), static_cast<std::size_t>(size));
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header = {};
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) fail(EBADMSG);
      const Bytes body = rest.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
      rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
      if (header.nlmsg_seq != sequence) continue;  // of a dump given up before
      if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
        int error = 0;
        if (body.size() >= sizeof error) std::memcpy(&error, body.data(), sizeof error);
        if (error == -EINTR) return false;
        if (error != 0 && error != -ENOENT) fail(-error);
        return consistent;
      }
      if (body.size() < sizeof(nfgenmsg)) fail(EBADMSG);
      visit(body[0], body.subspan(NLMSG_ALIGN(sizeof(nfgenmsg))));
    }
  }
}

/// Dumps until no change came in between; `start` forgets what was seen so far.
void dump(int fd, std::uint32_t& sequence, const Request& request,
          const std::function<void()>& start, const Visit& visit) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::chrono::milliseconds pause(0);
  do {
    start();
    ++sequence;
    send(fd, request, sequence);
    if (receive(fd, sequence, visit)) return;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause + std::chrono::milliseconds(1), kLongestPause);
  } while (std::chrono::steady_clock::now() < deadline);
  throw base::Error(base::ErrorKind::kFailure,
                    "the nf_tables rules change too fast to be read; try again", EINTR);
}

std::optional<NftHook> hook_of(Bytes chain) {
  const Bytes hook = find_attribute(chain, NFTA_CHAIN_HOOK);
  if (hook.empty()) return std::nullopt;
  NftHook result;
  result.type = text_of(find_attribute(chain, NFTA_CHAIN_TYPE));
  result.number = number32_of(find_attribute(hook, NFTA_HOOK_HOOKNUM));
  result.priority =
      static_cast<std::int32_t>(number32_of(find_attribute(hook, NFTA_HOOK_PRIORITY)));
  constexpr std::uint32_t kDrop = 0;  // NF_DROP of linux/netfilter.h
  const Bytes policy = find_attribute(chain, NFTA_CHAIN_POLICY);
  result.policy_drop = !policy.empty() && number32_of(policy) == kDrop;
  return result;
}

NftRuleEntry rule_of(Bytes rule) {
  NftRuleEntry result;
  result.handle = number64_of(find_attribute(rule, NFTA_RULE_HANDLE));
  result.plain = true;
  for_each_attribute(find_attribute(rule, NFTA_RULE_EXPRESSIONS), [&](const Attribute& element) {
    const std::string name = text_of(find_attribute(element.data, NFTA_EXPR_NAME));
    const Bytes data = find_attribute(element.data, NFTA_EXPR_DATA);
    if (name == "immediate") {
      const Bytes value = find_attribute(data, NFTA_IMMEDIATE_DATA);
      const Bytes verdict = find_attribute(value, NFTA_DATA_VERDICT);
      result.jump = text_of(find_attribute(verdict, NFTA_VERDICT_CHAIN));
    } else if (name == "match") {
      // iptables-nft keeps a comment as an xtables match once it has restored a rule.
      if (text_of(find_attribute(data, NFTA_MATCH_NAME)) != "comment") result.plain = false;
    } else if (name != "counter") {
      result.plain = false;
    }
  });
  return result;
}

Request rules_request(const std::string& table, const std::string& chain) {
  Request request{NFT_MSG_GETRULE, kIpv4, {}};
  put_text(request.attributes, NFTA_RULE_TABLE, table);
  put_text(request.attributes, NFTA_RULE_CHAIN, chain);
  return request;
}

Request elements_request(const std::string& table, const std::string& set) {
  Request request{NFT_MSG_GETSETELEM, kIpv4, {}};
  put_text(request.attributes, NFTA_SET_ELEM_LIST_TABLE, table);
  put_text(request.attributes, NFTA_SET_ELEM_LIST_SET, set);
  return request;
}

/// Calls back with the key and the flags (NFT_SET_ELEM_…) of each element of one message.
void for_each_element(Bytes message, const std::function<void(Bytes, std::uint32_t)>& visit) {
  for_each_attribute(
      find_attribute(message, NFTA_SET_ELEM_LIST_ELEMENTS), [&](const Attribute& element) {
        const Bytes key =
            find_attribute(find_attribute(element.data, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
        visit(key, number32_of(find_attribute(element.data, NFTA_SET_ELEM_FLAGS)));
      });
}

}  // namespace

NftDump::NftDump() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)) {
  if (fd_ < 0) fail(errno);
}

NftDump::~NftDump() { ::close(fd_); }

std::vector<std::string> NftDump::tables() {
  std::vector<std::string> result;
  dump(
      fd_, sequence_, {NFT_MSG_GETTABLE, kIpv4, {}}, [&] { result.clear(); },
      [&](std::uint8_t family, Bytes table) {
        if (family == kIpv4) result.push_back(text_of(find_attribute(table, NFTA_TABLE_NAME)));
      });
  return result;
}

std::vector<NftChainEntry> NftDump::chains(std::uint8_t family) {
  std::vector<NftChainEntry> result;
  dump(
      fd_, sequence_, {NFT_MSG_GETCHAIN, family, {}}, [&] { result.clear(); },
      [&](std::uint8_t of, Bytes chain) {
        result.push_back({of, text_of(find_attribute(chain, NFTA_CHAIN_TABLE)),
                          text_of(find_attribute(chain, NFTA_CHAIN_NAME)), hook_of(chain)});
      });
  return result;
}

std::vector<NftRuleEntry> NftDump::rules(const std::string& table, const std::string& chain) {
  std::vector<NftRuleEntry> result;
  dump(
      fd_, sequence_, rules_request(table, chain), [&] { result.clear(); },
      [&](std::uint8_t, Bytes rule) { result.push_back(rule_of(rule)); });
  return result;
}

std::vector<std::vector<std::uint8_t>> NftDump::expressions(const std::string& table,
                                                            const std::string& chain) {
  std::vector<std::vector<std::uint8_t>> result;
  dump(
      fd_, sequence_, rules_request(table, chain), [&] { result.clear(); },
      [&](std::uint8_t, Bytes rule) {
        const Bytes found = find_attribute(rule, NFTA_RULE_EXPRESSIONS);
        result.emplace_back(found.begin(), found.end());
      });
  return result;
}

std::vector<NftSetEntry> NftDump::sets(const std::string& table) {
  Request request{NFT_MSG_GETSET, kIpv4, {}};
  put_text(request.attributes, NFTA_SET_TABLE, table);
  std::vector<NftSetEntry> result;
  dump(
      fd_, sequence_, request, [&] { result.clear(); },
      [&](std::uint8_t, Bytes set) {
        result.push_back({text_of(find_attribute(set, NFTA_SET_NAME)),
                          number32_of(find_attribute(set, NFTA_SET_FLAGS)),
                          number32_of(find_attribute(set, NFTA_SET_KEY_TYPE))});
      });
  return result;
}

std::vector<NftRange> NftDump::ranges(const std::string& table, const std::string& set,
                                      bool interval) {
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
  dump(
      fd_, sequence_, elements_request(table, set), [&] { bounds.clear(); },
      [&](std::uint8_t, Bytes message) {
        for_each_element(message, [&](Bytes key, std::uint32_t flags) {
          bounds.push_back({number32_of(key), (flags & NFT_SET_ELEM_INTERVAL_END) != 0});
        });
      });
  std::sort(bounds.begin(), bounds.end());
  std::vector<NftRange> result;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (bounds[i].end) continue;
    if (!interval) {
      result.push_back({bounds[i].key, bounds[i].key});
      continue;
    }
    const std::uint32_t last = i + 1 < bounds.size() ? bounds[i + 1].key - 1 : UINT32_MAX;
    result.push_back({bounds[i].key, last});
  }
  return result;
}

std::vector<std::string> NftDump::names(const std::string& table, const std::string& set) {
  std::vector<std::string> result;
  dump(
      fd_, sequence_, elements_request(table, set), [&] { result.clear(); },
      [&](std::uint8_t, Bytes message) {
        for_each_element(message,
                         [&](Bytes key, std::uint32_t) { result.push_back(text_of(key)); });
      });
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace overland::firewall
