#include "docker/api.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

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

/// A socket of root's, open as a path. A sticky /run, as containers have it, will do: nobody takes
/// root's socket away there, and who listens is looked at too.
base::UniqueFd find_socket(const std::filesystem::path& path) {
  base::UniqueFd fd = base::open_trusted(path, O_PATH, base::Sticky::kAllowed);
  if (!fd.valid()) base::throw_errno("nobody listens on " + path.string(), ENOENT);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != 0) {
    throw base::Error(ErrorKind::kInvalid, path.string() + " is no socket of root's");
  }
  return fd;
}

/// Keeps a second descriptor of libcurl's socket: that one is closed when the answer is there.
extern "C" curl_socket_t open_socket(void* kept, curlsocktype /*purpose*/, curl_sockaddr* address) {
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  *static_cast<base::UniqueFd*>(kept) = base::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  return fd;
}

/// Asking tells nobody anything; answers of others than root are not believed.
void require_root_behind(const base::UniqueFd& connection, const std::string& question) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
      size == sizeof peer && peer.uid == 0) {
    return;
  }
  throw base::Error(ErrorKind::kInvalid, question + " was answered by user " +
                                             std::to_string(peer.uid) + ", and not by root");
}

}  // namespace

std::string api_get(const std::filesystem::path& socket, const std::string& path,
                    std::chrono::milliseconds patience) {
  const std::string question = "GET " + path + " on " + socket.string();
  if (patience.count() <= 0) late(question);
  static const CURLcode initialized = ::curl_global_init(CURL_GLOBAL_NOTHING);
  const std::unique_ptr<CURL, CurlCleanup> curl(::curl_easy_init());
  if (initialized != CURLE_OK || !curl) {
    throw base::Error(ErrorKind::kFailure, "cannot initialize libcurl");
  }
  const base::UniqueFd named = find_socket(socket);
  base::UniqueFd connection;
  std::string body;
  const std::string url = "http://docker" + path;
  ::curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, path_of(named).c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_OPENSOCKETFUNCTION, open_socket);
  ::curl_easy_setopt(curl.get(), CURLOPT_OPENSOCKETDATA, &connection);
  ::curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");  // whatever http_proxy says
  ::curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(patience.count()));
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, store_body);
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode code = ::curl_easy_perform(curl.get());
  if (code == CURLE_OPERATION_TIMEDOUT) late(question);
  if (code != CURLE_OK) {
    throw base::Error(ErrorKind::kInvalid, question + ": " + ::curl_easy_strerror(code));
  }
  require_root_behind(connection, question);
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
