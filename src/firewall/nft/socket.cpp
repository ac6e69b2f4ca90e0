#include "firewall/nft/socket.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <string>

#include "base/error.h"

namespace overland::firewall::nft {
namespace {

constexpr std::uint8_t kAnyFamily = 0;  // NFPROTO_UNSPEC of linux/netfilter.h

void put(netlink::MessageBuffer& buffer, const Request& request) {
  const nfgenmsg general = {request.family, NFNETLINK_V0, 0};
  buffer.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | request.message), 0,
               general);
  if (request.attributes.empty()) return;
  buffer.append(request.attributes.data(), request.attributes.size());
}

/// From the family on: struct nfgenmsg, then attributes.
Bytes body_of(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_SPACE(sizeof(nfgenmsg))) {
    base::throw_errno("an answer is too short", EBADMSG);
  }
  return Bytes(reinterpret_cast<const std::uint8_t*>(&message), message.nlmsg_len)
      .subspan(NLMSG_HDRLEN);
}

Bytes attributes_of(const nlmsghdr& message) {
  return body_of(message).subspan(NLMSG_ALIGN(sizeof(nfgenmsg)));
}

template <typename Ask>
void in_our_words(Ask ask) {
  try {
    ask();
  } catch (const base::Error& error) {
    // EINVAL: nfnetlink's word for a subsystem that is not there.
    if (error.errno_value() == EINVAL || error.kind() == base::ErrorKind::kUnsupported) {
      throw base::Error(base::ErrorKind::kUnsupported, "this kernel has no nf_tables",
                        error.errno_value());
    }
    throw base::Error(error.kind(), std::string("cannot read the nf_tables rules: ") + error.what(),
                      error.errno_value());
  }
}

}  // namespace

void Socket::dump(const Request& request, const std::function<void()>& start,
                  const std::function<void(std::uint8_t family, Bytes attributes)>& visit) {
  in_our_words([&] {
    socket_.dump([&](netlink::MessageBuffer& buffer) { put(buffer, request); }, start,
                 [&](const nlmsghdr& message) {
                   visit(body_of(message)[0], attributes_of(message));
                   return true;
                 });
  });
}

std::uint32_t Socket::generation() {
  std::uint32_t result = 0;
  const auto take = [&](std::size_t, const nlmsghdr& message) {
    if (message.nlmsg_type == NLMSG_ERROR) {
      throw netlink::refusal_error("no generation", netlink::read_refusal(message));
    }
    result = number32_of(find_attribute(attributes_of(message), NFTA_GEN_ID));
  };
  in_our_words([&] {
    socket_.execute(
        1,
        [](netlink::MessageBuffer& buffer, std::size_t) {
          put(buffer, {NFT_MSG_GETGEN, kAnyFamily, {}});
        },
        take);
  });
  return result;
}

}  // namespace overland::firewall::nft
