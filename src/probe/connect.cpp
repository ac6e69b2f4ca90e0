#include "probe/connect.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>

#include "probe/space.h"

namespace overland::probe {
namespace {

sockaddr_in internet(const model::Address& address, std::uint16_t port) {
  sockaddr_in result = {};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(address.ipv4());
  return result;
}

/// Not valid where there are no more to be had.
base::UniqueFd make_socket(const model::Address& source) {
  base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in own = internet(source, 0);
  if (fd.valid() && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) {
    return {};
  }
  return fd;
}

}  // namespace

Connections::Connections(const Stand& stand, Post& post) : stand_(stand), post_(post) {
  rlimit files = {};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

Connections::~Connections() {
  for (const auto& [fd, owner] : open_) post_.forget(fd);
}

void Connections::begin(Evidence& evidence, const model::Address& to, std::uint16_t port) {
  evidence.tcp_to = to;
  base::UniqueFd socket = in_space(stand_.space, [&] { return make_socket(stand_.sender.source); });
  if (!socket.valid()) return;
  evidence.tcp = Connected::kSilent;
  const sockaddr_in target = internet(to, port);
  const int fd = socket.get();
  const int done = ::connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target));
  const bool begun = done != 0 && errno == EINPROGRESS;
  if (done == 0) evidence.tcp = Connected::kOpen;
  if (!begun) return;
  evidence.tcp_pending = true;
  open_[fd] = std::move(socket);
  post_.wait_for(fd, POLLOUT, [this, fd, &evidence] { end(fd, evidence); });
}

void Connections::end(int fd, Evidence& evidence) {
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) evidence.tcp = Connected::kOpen;
  if (error == ECONNREFUSED) evidence.tcp = Connected::kRefused;
  evidence.tcp_pending = false;
  post_.forget(fd);
  open_.erase(fd);
}

}  // namespace overland::probe
