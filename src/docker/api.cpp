#include "docker/api.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace overland::docker {
namespace {

constexpr std::size_t kBodyLimit = std::size_t{16} << 20U;

struct CurlCleanup {
  void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
};

extern "C" std::size_t store_body(char* data, std::size_t size, std::size_t count, void* into) {
  auto* body = static_cast<std::string*>(into);
  if (body->size() + size * count > kBodyLimit) return 0;  // makes curl stop with CURLE_WRITE_ERROR
  body->append(data, size * count);
  return size * count;
}

/// Nobody there, or gone or stuck before the whole answer.
bool is_silence(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT ||
         code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
         code == CURLE_PARTIAL_FILE;
}

}  // namespace

std::optional<std::string> api_get(const std::filesystem::path& socket, const std::string& path,
                                   std::chrono::milliseconds patience) {
  static const CURLcode initialized = ::curl_global_init(CURL_GLOBAL_NOTHING);
  const std::unique_ptr<CURL, CurlCleanup> curl(::curl_easy_init());
  if (initialized != CURLE_OK || !curl) {
    throw base::Error(base::ErrorKind::kFailure, "cannot initialize libcurl");
  }
  std::string body;
  const std::string url = "http://docker" + path;
  ::curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");  // whatever http_proxy says
  ::curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(patience.count()));
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, store_body);
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode code = ::curl_easy_perform(curl.get());
  if (is_silence(code)) return std::nullopt;
  const std::string question = "GET " + path + " on " + socket.string();
  if (code != CURLE_OK) {
    throw base::Error(base::ErrorKind::kInvalid, question + ": " + ::curl_easy_strerror(code));
  }
  long status = 0;
  ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    throw base::Error(base::ErrorKind::kInvalid,
                      question + " was answered with status " + std::to_string(status) + ": " +
                          body.substr(0, std::min<std::size_t>(body.size(), 200)));
  }
  return body;
}

}  // namespace overland::docker
