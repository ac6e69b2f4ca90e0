#include "trial/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace overland::trial {
namespace {

constexpr std::size_t kLongest = 16384;  // bytes of a word or an answer

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

/// One message; empty where the other end is gone, nullopt where none comes within `patience`.
std::optional<std::string> receive(int fd, std::chrono::milliseconds patience) {
  pollfd one = {fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&one, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return std::nullopt;
  std::string text(kLongest, '\0');
  const ssize_t got = ::recv(fd, text.data(), text.size(), MSG_DONTWAIT);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

/// unix(7): who the other end was when it connected or listened.
bool is_trusted(int fd) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == ::geteuid());
}

/// Whether that file is a socket without a listener.
bool is_dead(const std::filesystem::path& place) {
  std::error_code unknown;
  if (!std::filesystem::is_socket(std::filesystem::symlink_status(place, unknown))) return false;
  const auto address = address_of(place);
  const base::UniqueFd fd = make_socket();
  const int reached =
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  return reached != 0 && errno == ECONNREFUSED;
}

/// Invalid where no trial listens there.
base::UniqueFd reach(const std::filesystem::path& place) {
  const auto address = address_of(place);
  base::UniqueFd fd = make_socket();
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    // Refused: the file of a trial that was killed.
    if (errno == ENOENT || errno == ENOTDIR || errno == ECONNREFUSED) return {};
    base::throw_errno("cannot reach the trial at " + place.string(), errno);
  }
  if (!is_trusted(fd.get())) return {};
  return fd;
}

base::UniqueFd listen_at(const std::filesystem::path& path) {
  const auto address = address_of(path);
  base::UniqueFd fd = make_socket();
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != EROFS) {
    base::throw_errno("cannot remove the old " + path.string(), errno);
  }
  // The mode a socket's file is born with comes from the umask alone.
  const mode_t umask_before = ::umask(0177);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int bind_error = errno;
  ::umask(umask_before);
  if (bound != 0) base::throw_errno("cannot make the socket " + path.string(), bind_error);
  constexpr int kQueue = 8;
  if (::listen(fd.get(), kQueue) != 0) base::throw_errno("listen on " + path.string(), errno);
  return fd;
}

}  // namespace

std::string answer(std::string_view word, const std::string& sentences) {
  std::string text(word);
  if (!sentences.empty()) text += "\n" + sentences;
  text.resize(std::min(text.size(), kLongest));
  return text;
}

std::optional<Answer> ask(const Places& places, std::string_view word,
                          std::chrono::milliseconds patience) {
  std::optional<base::Error> failed;
  for (const auto& place : places) {
    try {
      const base::UniqueFd fd = reach(place);
      if (!fd.valid()) continue;
      if (::send(fd.get(), word.data(), word.size(), MSG_NOSIGNAL) < 0) {
        if (errno == EPIPE || errno == ECONNRESET) continue;  // it died just now
        base::throw_errno("cannot ask the trial at " + place.string(), errno);
      }
      const auto text = receive(fd.get(), patience);
      if (!text) {
        throw base::Error(base::ErrorKind::kFailure,
                          "the trial at " + place.string() + " does not answer", ETIMEDOUT);
      }
      if (text->empty()) continue;
      const std::size_t end = std::min(text->find('\n'), text->size());
      return Answer{text->substr(0, end), text->substr(std::min(end + 1, text->size()))};
    } catch (const base::Error& error) {
      if (!failed) failed = error;
    }
  }
  if (failed) throw base::Error(*failed);
  return std::nullopt;
}

bool left_behind(const Places& places) {
  return std::any_of(places.begin(), places.end(), is_dead);
}

void clear(const Places& places) {
  for (const auto& place : places) {
    if (is_dead(place)) ::unlink(place.c_str());
  }
}

void Call::reply(const std::string& text) const {
  ::send(caller.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

Listener::Listener(const Places& places) {
  std::optional<base::Error> failed;
  for (const auto& path : places) {
    try {
      places_.push_back({path, listen_at(path)});
    } catch (const base::Error& error) {
      if (!failed) failed = error;
    }
  }
  if (places_.empty() && failed) throw base::Error(*failed);
}

std::vector<int> Listener::fds() const {
  std::vector<int> fds;
  for (const auto& place : places_) fds.push_back(place.fd.get());
  return fds;
}

std::optional<Call> Listener::take(int fd) {
  pollfd one = {fd, POLLIN, 0};
  if (::poll(&one, 1, 0) <= 0) return std::nullopt;
  base::UniqueFd caller(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
  if (!caller.valid() || !is_trusted(caller.get())) return std::nullopt;
  constexpr std::chrono::milliseconds kPatience(500);  // callers send at once
  auto word = receive(caller.get(), kPatience);
  return Call{std::move(caller), std::move(word).value_or("")};
}

void Listener::remove() const {
  for (const auto& place : places_) ::unlink(place.path.c_str());
}

}  // namespace overland::trial
