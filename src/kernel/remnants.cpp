#include "kernel/remnants.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <array>

#include "kernel/route_message.h"
#include "model/ownership.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

constexpr std::array kFamilies = {model::Family::kInet4, model::Family::kInet6};
constexpr std::size_t kShown = 8;

/// Sentences that tell a few, and how many more there are.
class Told {
 public:
  void add(std::string sentence) {
    if (++count_ <= kShown) sentences_.push_back(std::move(sentence));
  }
  void clear() { *this = Told(); }
  std::vector<std::string> take(const char* of) {
    if (count_ > kShown) {
      sentences_.push_back(std::to_string(count_ - kShown) + " more " + of + " of protocol " +
                           std::to_string(model::kRouteProtocol));
    }
    return std::move(sentences_);
  }

 private:
  std::vector<std::string> sentences_;
  std::size_t count_ = 0;
};

std::string of_protocol() { return " of protocol " + std::to_string(model::kRouteProtocol); }

std::vector<std::string> routes_of(model::Family family) {
  Told told;
  netlink::Socket().dump(
      [&](netlink::MessageBuffer& buffer) {
        rtmsg header = {};
        header.rtm_family = static_cast<unsigned char>(family);
        header.rtm_protocol = model::kRouteProtocol;
        buffer.begin(RTM_GETROUTE, 0, header);
      },
      [&] { told.clear(); },
      [&](const nlmsghdr& message) {
        if (route_protocol(message) != model::kRouteProtocol) return true;
        const auto route = read_route(message);
        if (!route) {
          told.add("a route" + of_protocol() + " that this version cannot read");
          return true;
        }
        const bool known = family == model::Family::kInet4 && route->table == RT_TABLE_MAIN;
        if (known || route->cloned) return true;
        told.add("route " + route->destination.to_string() + of_protocol() + " in table " +
                 std::to_string(route->table));
        return true;
      });
  return told.take("routes");
}

std::vector<std::string> rules_of(model::Family family) {
  Told told;
  netlink::Socket().dump(
      [&](netlink::MessageBuffer& buffer) {
        fib_rule_hdr header = {};
        header.family = static_cast<unsigned char>(family);
        buffer.begin(RTM_GETRULE, 0, header);
      },
      [&] { told.clear(); },
      [&](const nlmsghdr& message) {
        if (message.nlmsg_type != RTM_NEWRULE) return true;
        const nlattr* mark =
            ::nlmsg_find_attr(const_cast<nlmsghdr*>(&message), sizeof(fib_rule_hdr), FRA_PROTOCOL);
        if (mark == nullptr || ::nla_len(mark) < 1) return true;
        if (::nla_get_u8(mark) != model::kRouteProtocol) return true;
        const nlattr* priority =
            ::nlmsg_find_attr(const_cast<nlmsghdr*>(&message), sizeof(fib_rule_hdr), FRA_PRIORITY);
        told.add(std::string(family == model::Family::kInet4 ? "IPv4" : "IPv6") + " rule " +
                 std::to_string(netlink::read_u32(priority)) + of_protocol());
        return true;
      });
  return told.take("rules");
}

}  // namespace

std::vector<std::string> remnants() {
  std::vector<std::string> all;
  for (const model::Family family : kFamilies) {
    for (auto& one : routes_of(family)) all.push_back(std::move(one));
    for (auto& one : rules_of(family)) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace overland::kernel
