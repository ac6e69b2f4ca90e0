#include "docker/api.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/deadline.h"
#include "base/error.h"
#include "base/trusted_path.h"

namespace overland::docker {
namespace {

using base::ErrorKind;

constexpr std::size_t kBodyLimit = std::size_t{16} << 20U;

struct CurlCleanup {
  void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
};

/// No exception may pass through libcurl: no room is told as too much, which makes it stop with
/// CURLE_WRITE_ERROR.
extern "C" std::size_t store_body(char* data, std::size_t size, std::size_t count, void* into) {
  auto* body = static_cast<std::string*>(into);
  if (body->size() + size * count > kBodyLimit) return 0;
  try {
    body->append(data, size * count);
  } catch (const std::exception&) {
    return 0;
  }
  return size * count;
}

[[noreturn]] void late(const std::string& question) {
  throw base::Error(ErrorKind::kFailure, question + " was not answered in time", ETIMEDOUT);
}

/// A path that leads to the socket that was looked at, whatever its name leads to by now.
std::string path_of(const base::UniqueFd& socket) {
  return "/proc/self/fd/" + std::to_string(socket.get());
}

/// A socket of root's, open as a path.
base::UniqueFd find_socket(const std::filesystem::path& path) {
  base::UniqueFd fd = base::open_trusted(path, O_PATH, base::Sticky::kFoldersOnly);
  if (!fd.valid()) base::throw_errno("nobody listens on " + path.string(), ENOENT);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != 0) {
    throw base::Error(ErrorKind::kInvalid, path.string() + " is no socket of root's");
  }
  return fd;
}

/// Throws where another than root listens there. A connection of its own: libcurl 7.88 does not
/// take one over that stands.
void require_root_behind(const base::UniqueFd& socket, const std::string& question,
                         std::chrono::milliseconds patience) {
  const base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) base::throw_errno("cannot make a socket", errno);
  const timeval wait = {patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path_of(socket).copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EAGAIN) late(question);
    base::throw_errno(question + ": cannot connect", errno);
  }
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0) return;
  throw base::Error(ErrorKind::kInvalid,
                    question + ": user " + std::to_string(peer.uid) + " listens, and not root");
}

}  // namespace

std::string api_get(const std::filesystem::path& socket, const std::string& path,
                    std::chrono::milliseconds patience) {
  const std::string question = "GET " + path + " on " + socket.string();
  const base::Deadline deadline(patience);
  if (patience.count() <= 0) late(question);
  static const CURLcode initialized = ::curl_global_init(CURL_GLOBAL_NOTHING);
  const std::unique_ptr<CURL, CurlCleanup> curl(::curl_easy_init());
  if (initialized != CURLE_OK || !curl) {
    throw base::Error(ErrorKind::kFailure, "cannot initialize libcurl");
  }
  const base::UniqueFd named = find_socket(socket);
  require_root_behind(named, question, patience);
  std::string body;
  const std::string url = "http://docker" + path;
  const long left = std::max(1L, static_cast<long>(deadline.left().count()));  // 0: for ever
  ::curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, path_of(named).c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");  // whatever http_proxy says
  ::curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, left);
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, store_body);
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode code = ::curl_easy_perform(curl.get());
  if (code == CURLE_OPERATION_TIMEDOUT) late(question);
  if (code != CURLE_OK) {
    throw base::Error(ErrorKind::kInvalid, question + ": " + ::curl_easy_strerror(code));
  }
  long status = 0;
  ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    throw base::Error(ErrorKind::kInvalid,
                      question + " was answered with status " + std::to_string(status) + ": " +
                          body.substr(0, std::min<std::size_t>(body.size(), 200)));
  }
  return body;
}

}  // namespace overland::docker
