#include "trial/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace overland::trial {
namespace {

constexpr std::size_t kLongest = 64;  // bytes of a word or an answer

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof(address.sun_path)) {
    base::throw_errno("cannot use " + text + " as a socket", ENAMETOOLONG);
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

base::UniqueFd make_socket() {
  base::UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd.valid()) base::throw_errno("cannot make a unix socket", errno);
  return fd;
}

/// One message; empty where none comes within `milliseconds` or the other end is gone.
std::string receive(int fd, int milliseconds) {
  pollfd one = {fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&one, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return {};
  std::array<char, kLongest> text = {};
  const ssize_t got = ::recv(fd, text.data(), text.size(), MSG_DONTWAIT);
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
}

}  // namespace

std::optional<std::string> ask(const std::filesystem::path& socket, std::string_view word) {
  const auto address = address_of(socket);
  const base::UniqueFd fd = make_socket();
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    // Refused: the file of a trial that was killed.
    if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
    base::throw_errno("cannot reach the trial at " + socket.string(), errno);
  }
  if (::send(fd.get(), word.data(), word.size(), MSG_NOSIGNAL) < 0) {
    base::throw_errno("cannot ask the trial at " + socket.string(), errno);
  }
  constexpr int kPatience = 10'000;  // milliseconds
  std::string answer = receive(fd.get(), kPatience);
  if (answer.empty()) {
    throw base::Error(base::ErrorKind::kFailure,
                      "the trial at " + socket.string() + " does not answer", ETIMEDOUT);
  }
  return answer;
}

Listener::Listener(const std::filesystem::path& path) : path_(path), fd_(make_socket()) {
  const auto address = address_of(path);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    base::throw_errno("cannot create folder " + path.parent_path().string(), error.value());
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    base::throw_errno("cannot remove the old " + path.string(), errno);
  }
  // The mode a socket's file is born with comes from the umask alone.
  const mode_t umask_before = ::umask(0177);
  const int bound = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int bind_error = errno;
  ::umask(umask_before);
  if (bound != 0) base::throw_errno("cannot make the socket " + path.string(), bind_error);
  constexpr int kQueue = 8;
  if (::listen(fd_.get(), kQueue) != 0) base::throw_errno("listen on " + path.string(), errno);
}

base::UniqueFd Listener::accept() const {
  return base::UniqueFd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

bool Listener::waiting() const {
  pollfd one = {fd_.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

void Listener::remove() const { ::unlink(path_.c_str()); }

std::string Listener::read_word(int fd) {
  constexpr int kPatience = 500;  // milliseconds; callers send at once
  return receive(fd, kPatience);
}

void Listener::reply(int fd, const std::string& line) {
  ::send(fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace overland::trial
