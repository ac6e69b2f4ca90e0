// A server of files: a document has a URL of its own, and an ETag where the server gives one.

#include "base/error.h"
#include "source/store/stores.h"

namespace overland::source {
namespace {

class Https : public Store {
 public:
  Https(const Settings& settings, std::string url)
      : url_(std::move(url)), token_(settings.token), http_(settings.ca) {}

  std::optional<Document> get(const base::Deadline& deadline, const std::string& known) override {
    Request request{"GET", url_};
    if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
    if (!known.empty()) request.headers.push_back("If-None-Match: " + known);
    Response response = http_.ask(request, deadline.left());
    if (response.status == 304 && !known.empty())
      return Document{"", known, response.address, true};
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) refuse_answer(url_, response);
    return Document{std::move(response.body), response.etag, response.address};
  }

  bool put(const base::Deadline&, const std::string&, const std::string&) override {
    throw base::Error(base::ErrorKind::kUsage,
                      "a server of files is not published to: put the document there as its other "
                      "files come there");
  }

 private:
  std::string url_;
  std::string token_;
  Http http_;
};

}  // namespace

std::unique_ptr<Store> make_https(const Settings& settings, const std::string& url) {
  return std::make_unique<Https>(settings, url);
}

}  // namespace overland::source
