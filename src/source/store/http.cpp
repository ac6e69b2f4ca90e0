#include "source/store/http.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/printable.h"
#include "inventory/inventory.h"
#include "source/settings.h"
#include "source/store/library.h"

namespace overland::source {
namespace {

// A document in JSON and Base64 is a third longer, and has some fields beside it.
constexpr std::size_t kLargestAnswer = inventory::kLargestFile / 3 * 4 + (64U << 10U);

[[noreturn]] void fail(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUnavailable, sentence);
}

/// What comes in.
struct Incoming {
  Response response;
  bool too_large = false;
  bool has_length = false;  // so that its end can be told from a cut
  bool compressed = false;  // not asked for: of one that is cut off libcurl says nothing
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* to) {
  auto& incoming = *static_cast<Incoming*>(to);
  if (incoming.compressed) return 0;  // ends the transfer
  if (size > kLargestAnswer - incoming.response.body.size()) {
    incoming.too_large = true;
    return 0;
  }
  incoming.response.body.append(data, size);
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* to) {
  auto& incoming = *static_cast<Incoming*>(to);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // of the next answer, after one such as 100
    incoming.response.etag.clear();
    incoming.response.location.clear();
    incoming.compressed = false;
    incoming.has_length = line.starts_with("HTTP/2") || line.starts_with("HTTP/3");
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  const std::string name = lower(line.substr(0, colon));
  const std::string value = trimmed(line.substr(colon + 1));
  if (name == "etag") incoming.response.etag = value;
  if (name == "location") incoming.response.location = value;
  if (name == "content-encoding") incoming.compressed = lower(value) != "identity";
  if (name == "content-length") incoming.has_length = true;
  if (name == "transfer-encoding" && lower(value).ends_with("chunked")) incoming.has_length = true;
  return size;
}

class Headers {
 public:
  explicit Headers(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) list_ = curl().slist_append(list_, line.c_str());
  }
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  ~Headers() { curl().slist_free_all(list_); }
  [[nodiscard]] curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

/// What else than libcurl's words is known of a fault.
std::string remedy_of(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return "; is `ca` in source.toml the one that signed its certificate?";
    case CURLE_SSL_CACERT_BADFILE:
      return "; `ca` in source.toml has to hold certificates in PEM";
    default:
      return "";
  }
}

}  // namespace

struct Http::Handle {
  CURL* easy = curl().init();
  std::array<char, CURL_ERROR_SIZE> error = {};

  Handle() {
    if (easy == nullptr) fail("libcurl has no memory");
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { curl().cleanup(easy); }

  template <typename Value>
  void set(CURLoption option, Value value) const {
    if (curl().setopt(easy, option, value) == CURLE_OK) return;
    throw base::Error(base::ErrorKind::kUnsupported,
                      "this libcurl is too old or built without what a source needs: 7.85 with "
                      "HTTP and TLS");
  }

  /// What holds for every question.
  void set_up(const std::string& ca) {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_USERAGENT, "overland");
    set(CURLOPT_ERRORBUFFER, error.data());
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_HEADERFUNCTION, &take_header);
    if (ca.empty()) return;
    set(CURLOPT_CAINFO, ca.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // nobody else's
  }

  void set_request(const Request& request, const Headers& headers, long milliseconds) const {
    const bool post = request.method == "POST" || request.method == "PUT";
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_HTTPGET, 1L);
    if (post) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_TIMEOUT_MS, milliseconds);
  }
};

Http::Http(std::string ca) : ca_(std::move(ca)) {}
Http::~Http() = default;

Response Http::ask(const Request& request, std::chrono::milliseconds patience) {
  const std::string host = base::printable(host_of(request.url));
  if (patience.count() <= 0) fail(host + " was not asked: the time was over");
  if (!handle_) {
    handle_ = std::make_unique<Handle>();
    handle_->set_up(ca_);
  }
  std::vector<std::string> lines = request.headers;
  lines.emplace_back("Expect:");  // no waiting for a word before the body
  const Headers headers(lines);
  Incoming incoming;
  handle_->error[0] = '\0';
  handle_->set(CURLOPT_WRITEDATA, static_cast<void*>(&incoming));
  handle_->set(CURLOPT_HEADERDATA, static_cast<void*>(&incoming));
  handle_->set_request(request, headers, static_cast<long>(patience.count()));
  const CURLcode code = curl().perform(handle_->easy);
  if (incoming.compressed) fail(host + " compresses its answer, which it was not asked to");
  if (incoming.too_large) fail(host + " sends more than any inventory has (64 MiB)");
  if (code != CURLE_OK) {
    const std::string said =
        handle_->error[0] == '\0' ? curl().strerror(code) : handle_->error.data();
    fail(host + " gives no answer: " + base::shorten(said, 200) + remedy_of(code));
  }
  curl().getinfo(handle_->easy, CURLINFO_RESPONSE_CODE, &incoming.response.status);
  const char* address = nullptr;
  if (curl().getinfo(handle_->easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK &&
      address != nullptr) {
    incoming.response.address = address;
  }
  if (!incoming.has_length && !incoming.response.body.empty()) {
    fail(host + " does not say how long its answer is: whether all of it came nobody could tell");
  }
  return std::move(incoming.response);
}

}  // namespace overland::source
