#include "firewall/iptc_sets.h"

#include <netinet/in.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include "base/error.h"
#include "firewall/iptc_encoding.h"
#include "firewall/iptc_set_messages.h"

namespace overland::firewall::iptc {
namespace {

constexpr std::uint8_t kTypeRevision = 0;
constexpr const char* kScratch = "overland-new";
// The kernel's default, linux/netfilter/ipset: hash types' maxelem.
constexpr std::size_t kDefaultCapacity = 65536;

struct FreeCallbacks {
  void operator()(nl_cb* callbacks) const { nl_cb_put(callbacks); }
};

struct Answer {
  bool ended = false;
  int error = 0;
  const std::function<void(nlmsghdr*)>* on_message = nullptr;
  std::exception_ptr thrown;  // carried past libnl's frames, which no exception may cross
};

int on_valid(nl_msg* message, void* argument) noexcept {
  auto* answer = static_cast<Answer*>(argument);
  try {
    if (!answer->thrown && *answer->on_message) (*answer->on_message)(nlmsg_hdr(message));
  } catch (...) {
    answer->thrown = std::current_exception();
  }
  return NL_OK;
}

int on_end(nl_msg* /*message*/, void* argument) noexcept {
  static_cast<Answer*>(argument)->ended = true;
  return NL_STOP;
}

int on_error(sockaddr_nl* /*from*/, nlmsgerr* error, void* argument) noexcept {
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
  if (answer.thrown) std::rethrow_exception(answer.thrown);
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
    const std::string name = read_set_name(header);
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
  nla_put_string(message.get(), IPSET_ATTR_TYPENAME, kSetType);
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
  ip_set_req_version request = {IP_SET_OP_VERSION, kSetProtocol};
  socklen_t size = sizeof(request);
  if (::getsockopt(raw_.get(), SOL_IP, SO_IP_SET, &request, &size) == 0) return true;
  if (errno != ENOPROTOOPT) base::throw_errno("cannot ask for ipset", errno);
  return false;
}

std::uint16_t Sets::index_of(const std::string& name) {
  ip_set_req_get_set request = {};
  request.op = IP_SET_OP_GET_BYNAME;
  request.version = kSetProtocol;
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
  request.version = kSetProtocol;
  request.set.index = index;
  socklen_t size = sizeof(request);
  if (!loaded() || ::getsockopt(raw_.get(), SOL_IP, SO_IP_SET, &request, &size) != 0) return {};
  return {request.set.name, ::strnlen(request.set.name, sizeof(request.set.name))};
}

}  // namespace overland::firewall::iptc
