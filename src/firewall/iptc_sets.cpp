#include "firewall/iptc_sets.h"

#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "firewall/iptc_encoding.h"

namespace overland::firewall::iptc {
namespace {

// What every kernel since 2.6.39 speaks; 7 adds nothing we need.
constexpr std::uint8_t kProtocol = IPSET_PROTOCOL_MIN;
constexpr const char* kType = "hash:net";
constexpr std::uint8_t kTypeRevision = 0;
constexpr const char* kScratch = "overland-new";
// An element takes 24 bytes, and a netlink attribute holds 64 KiB.
constexpr std::size_t kElementsPerMessage = 1000;
constexpr std::size_t kMessageSize = 32768;
// The kernel's default, linux/netfilter/ipset: hash types' maxelem.
constexpr std::size_t kDefaultCapacity = 65536;

struct FreeMessage {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
struct FreeCallbacks {
  void operator()(nl_cb* callbacks) const { nl_cb_put(callbacks); }
};
using Message = std::unique_ptr<nl_msg, FreeMessage>;

Message make_message(std::uint16_t kind, int flags) {
  Message message(nlmsg_alloc_size(kMessageSize));
  if (!message) throw base::Error(base::ErrorKind::kFailure, "out of memory", ENOMEM);
  const int type = NFNL_SUBSYS_IPSET << 8 | kind;
  nlmsghdr* header = nlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, sizeof(nfgenmsg),
                               NLM_F_REQUEST | NLM_F_ACK | flags);
  nfgenmsg family = {};
  family.nfgen_family = AF_INET;
  std::memcpy(nlmsg_data(header), &family, sizeof(family));
  nla_put_u8(message.get(), IPSET_ATTR_PROTOCOL, kProtocol);
  return message;
}

nlattr* open_nest(const Message& message, int type) {
  return nla_nest_start(message.get(), type | NLA_F_NESTED);
}

void put_u32(const Message& message, int type, std::uint32_t value) {
  nla_put_u32(message.get(), type | NLA_F_NET_BYTEORDER, htonl(value));
}

void put_element(const Message& message, const model::Prefix& prefix) {
  nlattr* element = open_nest(message, IPSET_ATTR_DATA);
  nlattr* address = open_nest(message, IPSET_ATTR_IP);
  put_u32(message, IPSET_ATTR_IPADDR_IPV4, prefix.network().ipv4());
  nla_nest_end(message.get(), address);
  nla_put_u8(message.get(), IPSET_ATTR_CIDR, prefix.length());
  nla_nest_end(message.get(), element);
}

/// The attributes of a set message, after the nfgenmsg.
template <std::size_t kSize>
bool parse(nlmsghdr* header, std::array<nlattr*, kSize>& attributes) {
  return nlmsg_parse(header, sizeof(nfgenmsg), attributes.data(), static_cast<int>(kSize) - 1,
                     nullptr) == 0;
}

template <std::size_t kSize>
bool parse(nlattr* nest, std::array<nlattr*, kSize>& attributes) {
  return nla_parse_nested(attributes.data(), static_cast<int>(kSize) - 1, nest, nullptr) == 0;
}

void read_element(nlattr* data, SetContents& set) {
  std::array<nlattr*, IPSET_ATTR_ADT_MAX + 1> element = {};
  std::array<nlattr*, IPSET_ATTR_IPADDR_MAX + 1> address = {};
  if (!parse(data, element) || element[IPSET_ATTR_IP] == nullptr ||
      !parse(element[IPSET_ATTR_IP], address) || address[IPSET_ATTR_IPADDR_IPV4] == nullptr) {
    set.plain = false;
    return;
  }
  // "nomatch": the element is an exception from a larger one.
  if (element[IPSET_ATTR_CADT_FLAGS] != nullptr) set.plain = false;
  const nlattr* length = element[IPSET_ATTR_CIDR];
  set.prefixes.emplace_back(
      model::Address::from_ipv4(ntohl(nla_get_u32(address[IPSET_ATTR_IPADDR_IPV4]))),
      length == nullptr ? std::uint8_t{32} : nla_get_u8(length));
}

void read_set(nlmsghdr* header, SetContents& set) {
  std::array<nlattr*, IPSET_ATTR_CMD_MAX + 1> attributes = {};
  if (!parse(header, attributes)) return;
  if (attributes[IPSET_ATTR_TYPENAME] != nullptr) {
    const nlattr* family = attributes[IPSET_ATTR_FAMILY];
    set.plain = nla_strcmp(attributes[IPSET_ATTR_TYPENAME], kType) == 0 && family != nullptr &&
                nla_get_u8(family) == AF_INET;
  }
  if (!set.plain || attributes[IPSET_ATTR_ADT] == nullptr) return;
  nlattr* list = attributes[IPSET_ATTR_ADT];
  int left = nla_len(list);
  for (auto* data = static_cast<nlattr*>(nla_data(list)); nla_ok(data, left) != 0;
       data = nla_next(data, &left)) {
    read_element(data, set);
  }
}

struct Answer {
  bool ended = false;
  int error = 0;
  const std::function<void(nlmsghdr*)>* on_message = nullptr;
};

int on_valid(nl_msg* message, void* argument) {
  const auto* answer = static_cast<Answer*>(argument);
  if (*answer->on_message) (*answer->on_message)(nlmsg_hdr(message));
  return NL_OK;
}

int on_end(nl_msg* /*message*/, void* argument) {
  static_cast<Answer*>(argument)->ended = true;
  return NL_STOP;
}

int on_error(sockaddr_nl* /*from*/, nlmsgerr* error, void* argument) {
  auto* answer = static_cast<Answer*>(argument);
  answer->ended = true;
  // Kept as it came: libnl would turn ipset's own codes into "unspecific failure".
  answer->error = -error->error;
  return NL_STOP;
}

}  // namespace

Sets::Sets() = default;
Sets::~Sets() = default;

void Sets::Close::operator()(nl_sock* socket) const { nl_socket_free(socket); }

int Sets::exchange(nl_msg* message, const OnMessage& on_message) {
  if (!socket_) {
    socket_.reset(nl_socket_alloc());
    const int error = socket_ ? nl_connect(socket_.get(), NETLINK_NETFILTER) : -NLE_NOMEM;
    if (error < 0) {
      socket_.reset();
      throw base::Error(base::ErrorKind::kFailure,
                        std::string("cannot open a netlink socket: ") + nl_geterror(error));
    }
    nl_socket_set_msg_buf_size(socket_.get(), 1U << 17U);
  }
  Answer answer;
  answer.on_message = &on_message;
  const std::unique_ptr<nl_cb, FreeCallbacks> callbacks(nl_cb_alloc(NL_CB_DEFAULT));
  if (!callbacks) throw base::Error(base::ErrorKind::kFailure, "out of memory", ENOMEM);
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, on_valid, &answer);
  nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_end, &answer);
  nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, on_end, &answer);
  nl_cb_err(callbacks.get(), NL_CB_CUSTOM, on_error, &answer);
  int result = nl_send_auto(socket_.get(), message);
  while (result >= 0 && !answer.ended) result = nl_recvmsgs(socket_.get(), callbacks.get());
  if (result < 0 && !answer.ended) {
    throw base::Error(base::ErrorKind::kFailure,
                      std::string("talking to ipset: ") + nl_geterror(result));
  }
  return answer.error;
}

void Sets::require(int error, const std::string& what) const {
  switch (error) {
    case 0:
      return;
    case EINVAL:      // nfnetlink: no such subsystem
    case EOPNOTSUPP:  // likewise, of older kernels
    case EPROTONOSUPPORT:
    case IPSET_ERR_FIND_TYPE:
      throw base::Error(
          base::ErrorKind::kUnsupported,
          what + ": more than " + std::to_string(kMaxRules) +
              " prefixes need ipset, which this kernel has not: install the package with its "
              "modules ip_set, ip_set_hash_net and xt_set (Ubuntu: linux-modules-extra; Red Hat: "
              "kernel-modules-extra)",
          error);
    case IPSET_ERR_BUSY:
    case IPSET_ERR_REFERENCED:
      throw base::Error(base::ErrorKind::kFailure, what + ": a foreign rule or set uses it");
    default:
      break;
  }
  if (error < IPSET_ERR_PRIVATE) base::throw_errno(what, error);
  throw base::Error(base::ErrorKind::kFailure, what + ": ipset error " + std::to_string(error));
}

int Sets::command(std::uint16_t kind, const std::string& name, const std::string& second) {
  const Message message = make_message(kind, 0);
  nla_put_string(message.get(), IPSET_ATTR_SETNAME, name.c_str());
  if (!second.empty()) nla_put_string(message.get(), IPSET_ATTR_SETNAME2, second.c_str());
  return exchange(message.get(), {});
}

std::vector<std::string> Sets::names() {
  if (!loaded()) return {};
  const Message message = make_message(IPSET_CMD_LIST, NLM_F_DUMP);
  put_u32(message, IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_SETNAME);
  std::vector<std::string> result;
  const int error = exchange(message.get(), [&](nlmsghdr* header) {
    std::array<nlattr*, IPSET_ATTR_CMD_MAX + 1> attributes = {};
    if (!parse(header, attributes) || attributes[IPSET_ATTR_SETNAME] == nullptr) return;
    const std::string name = nla_get_string(attributes[IPSET_ATTR_SETNAME]);
    if (name.starts_with(kSetPrefix)) result.push_back(name);
  });
  require(error, "cannot list the ipsets");
  return result;
}

SetContents Sets::contents(const std::string& name) {
  const Message message = make_message(IPSET_CMD_LIST, NLM_F_DUMP);
  nla_put_string(message.get(), IPSET_ATTR_SETNAME, name.c_str());
  SetContents set;
  const int error = exchange(message.get(), [&set](nlmsghdr* header) { read_set(header, set); });
  require(error, "cannot list ipset " + name);
  std::sort(set.prefixes.begin(), set.prefixes.end());
  return set;
}

std::map<std::string, SetContents> Sets::read() {
  std::map<std::string, SetContents> sets;
  for (const std::string& name : names()) sets[name] = contents(name);
  return sets;
}

void Sets::create(const std::string& name, std::size_t size) {
  const Message message = make_message(IPSET_CMD_CREATE, NLM_F_CREATE | NLM_F_EXCL);
  nla_put_string(message.get(), IPSET_ATTR_SETNAME, name.c_str());
  nla_put_string(message.get(), IPSET_ATTR_TYPENAME, kType);
  nla_put_u8(message.get(), IPSET_ATTR_REVISION, kTypeRevision);
  nla_put_u8(message.get(), IPSET_ATTR_FAMILY, AF_INET);
  nlattr* data = open_nest(message, IPSET_ATTR_DATA);
  const auto capacity = static_cast<std::uint32_t>(std::max(kDefaultCapacity, size));
  put_u32(message, IPSET_ATTR_MAXELEM, capacity);
  nla_nest_end(message.get(), data);
  require(exchange(message.get(), {}), "cannot make ipset " + name);
}

void Sets::fill(const std::string& name, std::span<const model::Prefix> prefixes) {
  while (!prefixes.empty()) {
    const auto chunk = prefixes.first(std::min(prefixes.size(), kElementsPerMessage));
    prefixes = prefixes.subspan(chunk.size());
    const Message message = make_message(IPSET_CMD_ADD, 0);
    nla_put_string(message.get(), IPSET_ATTR_SETNAME, name.c_str());
    nla_put_u32(message.get(), IPSET_ATTR_LINENO, 0);  // the kernel insists on one beside a list
    nlattr* list = open_nest(message, IPSET_ATTR_ADT);
    for (const model::Prefix& prefix : chunk) put_element(message, prefix);
    nla_nest_end(message.get(), list);
    require(exchange(message.get(), {}), "cannot fill ipset " + name);
  }
}

void Sets::put(const std::string& name, std::span<const model::Prefix> prefixes) {
  const int leftover = command(IPSET_CMD_DESTROY, kScratch);
  if (leftover != ENOENT) require(leftover, std::string("cannot remove ipset ") + kScratch);
  create(kScratch, prefixes.size());
  fill(kScratch, prefixes);
  int error = command(IPSET_CMD_SWAP, kScratch, name);
  if (error == IPSET_ERR_TYPE_MISMATCH) {  // somebody made it of another type
    destroy(name);
    error = IPSET_ERR_EXIST_SETNAME2;
  }
  // The swap's way to say that the second set is not there.
  if (error == IPSET_ERR_EXIST_SETNAME2) {
    require(command(IPSET_CMD_RENAME, kScratch, name), "cannot name ipset " + name);
    return;
  }
  require(error, "cannot swap ipset " + name);
  destroy(kScratch);
}

void Sets::destroy(const std::string& name) {
  require(command(IPSET_CMD_DESTROY, name), "cannot remove ipset " + name);
}

bool Sets::loaded() {
  if (!raw_.valid()) raw_ = base::UniqueFd(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!raw_.valid()) base::throw_errno("cannot open a raw socket", errno);
  ip_set_req_version request = {IP_SET_OP_VERSION, kProtocol};
  socklen_t size = sizeof(request);
  if (::getsockopt(raw_.get(), SOL_IP, SO_IP_SET, &request, &size) == 0) return true;
  if (errno != ENOPROTOOPT) base::throw_errno("cannot ask for ipset", errno);
  return false;
}

std::uint16_t Sets::index_of(const std::string& name) {
  ip_set_req_get_set request = {};
  request.op = IP_SET_OP_GET_BYNAME;
  request.version = kProtocol;
  name.copy(request.set.name, sizeof(request.set.name) - 1);
  socklen_t size = sizeof(request);
  if (!loaded() || ::getsockopt(raw_.get(), SOL_IP, SO_IP_SET, &request, &size) != 0 ||
      request.set.index == IPSET_INVALID_ID) {
    throw base::Error(base::ErrorKind::kFailure, "there is no ipset " + name, ENOENT);
  }
  return request.set.index;
}

std::string Sets::name_of(std::uint16_t index) {
  ip_set_req_get_set request = {};
  request.op = IP_SET_OP_GET_BYINDEX;
  request.version = kProtocol;
  request.set.index = index;
  socklen_t size = sizeof(request);
  if (!loaded() || ::getsockopt(raw_.get(), SOL_IP, SO_IP_SET, &request, &size) != 0) return {};
  return {request.set.name, ::strnlen(request.set.name, sizeof(request.set.name))};
}

}  // namespace overland::firewall::iptc
