#include "source/store/stores.h"

#include <chrono>
#include <vector>

#include "base/error.h"
#include "base/printable.h"

namespace overland::source {
namespace {

using base::printable;

std::unique_ptr<Store> make_one(const Settings& settings, const std::string& url) {
  switch (settings.kind) {
    case Kind::kEtcd:
      return make_etcd(settings, url);
    case Kind::kConsul:
      return make_consul(settings, url);
    case Kind::kHttps:
      break;
  }
  return make_https(settings, url);
}

/// Several members of one store.
class Members : public Store {
 public:
  explicit Members(const Settings& settings) {
    for (const std::string& url : settings.urls) members_.push_back(make_one(settings, url));
  }

  std::optional<Document> get(const base::Deadline& deadline, const std::string& known) override {
    std::string faults;
    for (std::size_t tries = 0; tries < members_.size(); ++tries) {
      const auto share = deadline.left() / static_cast<long>(members_.size() - tries);
      try {
        return members_[now_]->get(base::Deadline(share), known);
      } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::kUnavailable) throw;
        faults += (faults.empty() ? "" : "; ") + std::string(error.what());
        now_ = (now_ + 1) % members_.size();
      }
    }
    throw base::Error(base::ErrorKind::kUnavailable, faults);
  }

  bool put(const base::Deadline& deadline, const std::string& bytes,
           const std::string& version) override {
    return members_[now_]->put(deadline, bytes, version);  // the one that told the version
  }

 private:
  std::vector<std::unique_ptr<Store>> members_;
  std::size_t now_ = 0;
};

}  // namespace

std::unique_ptr<Store> open_store(const Settings& settings) {
  return std::make_unique<Members>(settings);
}

void refuse_answer(const std::string& url, const Response& response) {
  std::string sentence =
      printable(host_of(url)) + " answers with " + std::to_string(response.status);
  if (response.status >= 300 && response.status < 400) {
    sentence += " and leads to " + base::shorten(response.location, 200) +
                ", which is not followed: name the right url in source.toml";
  } else if (response.status == 401 || response.status == 403) {
    sentence += ": it does not let us read or write there; look at token_file or password_file";
  } else if (!response.body.empty()) {
    sentence += ": " + base::shorten(response.body, 120);
  }
  throw base::Error(base::ErrorKind::kUnavailable, sentence);
}

void refuse_size(const std::string& url, std::size_t size, const std::string& limit) {
  throw base::Error(base::ErrorKind::kInventory, printable(host_of(url)) +
                                                     " takes no document of " +
                                                     std::to_string(size) + " bytes: " + limit);
}

}  // namespace overland::source
