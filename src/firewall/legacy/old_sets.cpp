#include "firewall/legacy/old_sets.h"

#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "base/unique_fd.h"
#include "firewall/attributes.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall::legacy {
namespace {

/// All names an earlier version gave; others that begin so are somebody else's.
bool ours(const std::string& name) {
  constexpr std::array kNames = {"overland-subnets", "overland-hosts",   "overland-local",
                                 "overland-transit", "overland-cluster", "overland-new"};
  return name.starts_with("overland-masq-") ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool loaded() {
  const base::UniqueFd raw(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!raw.valid()) base::throw_errno("cannot open a raw socket", errno);
  ip_set_req_version request = {IP_SET_OP_VERSION, IPSET_PROTOCOL_MIN};
  socklen_t size = sizeof(request);
  if (::getsockopt(raw.get(), SOL_IP, SO_IP_SET, &request, &size) == 0) return true;
  if (errno != ENOPROTOOPT) base::throw_errno("cannot ask for ipset", errno);
  return false;
}

void begin(netlink::MessageBuffer& message, std::uint16_t command) {
  const nfgenmsg family = {AF_INET, NFNETLINK_V0, 0};
  message.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_IPSET << 8U | command), 0, family);
  message.put_bytes(IPSET_ATTR_PROTOCOL, std::array<std::uint8_t, 1>{IPSET_PROTOCOL_MIN});
}

std::string name_in(const nlmsghdr& message) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&message);
  const std::size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg));
  if (message.nlmsg_len < head) return "";
  return text_of(find_attribute({bytes + head, message.nlmsg_len - head}, IPSET_ATTR_SETNAME));
}

}  // namespace

std::vector<std::string> old_sets() {
  std::vector<std::string> names;
  if (!loaded()) return names;
  netlink::Socket socket(NETLINK_NETFILTER);
  socket.dump(
      [](netlink::MessageBuffer& message) {
        begin(message, IPSET_CMD_LIST);
        message.put_u32(IPSET_ATTR_FLAGS | NLA_F_NET_BYTEORDER, htonl(IPSET_FLAG_LIST_SETNAME));
      },
      [&] { names.clear(); },
      [&](const nlmsghdr& message) {
        std::string name = name_in(message);
        if (ours(name)) names.push_back(std::move(name));
        return true;
      });
  return names;
}

void destroy_old_sets() {
  for (const std::string& name : old_sets()) {
    const netlink::Refusal refusal =
        netlink::Socket(NETLINK_NETFILTER).execute([&](netlink::MessageBuffer& message) {
          begin(message, IPSET_CMD_DESTROY);
          message.put_string(IPSET_ATTR_SETNAME, name);
        });
    if (refusal.error == IPSET_ERR_BUSY || refusal.error == IPSET_ERR_REFERENCED) {
      throw base::Error(base::ErrorKind::kFailure,
                        "cannot remove ipset " + name + ": a foreign rule or set uses it");
    }
    if (refusal.error != 0 && refusal.error != ENOENT) {
      throw netlink::refusal_error("cannot remove ipset " + name, refusal);
    }
  }
}

}  // namespace overland::firewall::legacy
