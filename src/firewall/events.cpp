#include "firewall/events.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cstddef>

#include "base/error.h"
#include "firewall/attributes.h"
#include "firewall/nft/socket.h"
#include "firewall/printable.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall {
namespace {

constexpr std::uint16_t kNewGeneration = NFNL_SUBSYS_NFTABLES << 8U | NFT_MSG_NEWGEN;

/// A transaction tells each rule and element, and last, in a datagram of its own, its generation.
std::array<sock_filter, 4> generations_only() {
  return {{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(kNewGeneration), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
}

/// Of two numbers that wrap around.
bool later(std::uint32_t one, std::uint32_t other) {
  return static_cast<std::int32_t>(one - other) > 0;
}

}  // namespace

struct RuleEvents::State {
  netlink::Socket socket{NETLINK_NETFILTER};
  std::uint32_t seen = 0;
  std::string maker;

  bool is_news(const nlmsghdr& message) {
    constexpr std::size_t kHead = NLMSG_SPACE(sizeof(nfgenmsg));
    if (message.nlmsg_type != kNewGeneration || message.nlmsg_len < kHead) return false;
    const Bytes attributes =
        Bytes(reinterpret_cast<const std::uint8_t*>(&message), message.nlmsg_len).subspan(kHead);
    if (!later(number32_of(find_attribute(attributes, NFTA_GEN_ID)), seen)) return false;
    maker = printable(text_of(find_attribute(attributes, NFTA_GEN_PROC_NAME)));
    return true;
  }
};

RuleEvents::RuleEvents() : state_(std::make_unique<State>()) {
  state_->socket.filter(generations_only());
  state_->socket.subscribe(NFNLGRP_NFTABLES);
  look();
}

RuleEvents::~RuleEvents() = default;

int RuleEvents::fd() const { return state_->socket.fd(); }

host::Parts RuleEvents::drain() {
  bool news = false;
  const bool whole = state_->socket.take(
      [&](const nlmsghdr& message) { news = state_->is_news(message) || news; });
  return news || !whole ? host::Parts(host::Part::kFirewall) : host::Parts();
}

void RuleEvents::look() { state_->seen = nft::Socket().generation(); }

void RuleEvents::without_hearing(const std::function<void()>& write) {
  state_->socket.unsubscribe(NFNLGRP_NFTABLES);
  try {
    write();
  } catch (...) {
    state_->socket.subscribe(NFNLGRP_NFTABLES);
    throw;
  }
  state_->socket.subscribe(NFNLGRP_NFTABLES);
}

const std::string& RuleEvents::maker() const { return state_->maker; }

}  // namespace overland::firewall
