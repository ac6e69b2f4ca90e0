// Consul's key-value store: https://developer.hashicorp.com/consul/api-docs/kv

#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "source/base64.h"
#include "source/store/stores.h"

namespace overland::source {
namespace {

using Json = nlohmann::json;

/// A key as a path: slashes stay.
std::string escaped(const std::string& key) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string path;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '/' || c == '-' || c == '_' || c == '.') {
      path += c;
    } else {
      path += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return path;
}

class Consul : public Store {
 public:
  Consul(const Settings& settings, const std::string& url)
      : url_(url + "/v1/kv/" + escaped(settings.key)), token_(settings.token), http_(settings.ca) {}

  std::optional<Document> get(const base::Deadline& deadline, const std::string&) override {
    const Response response = http_.ask({"GET", url_, headers()}, deadline.left());
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) refuse_answer(url_, response);
    Document document = parsed(response);
    document.address = response.address;
    return document;
  }

  bool put(const base::Deadline& deadline, const std::string& bytes,
           const std::string& version) override {
    const Response response =
        http_.ask({"PUT", url_ + "?cas=" + version, headers(), bytes}, deadline.left());
    if (response.status == 413) refuse_size(url_, bytes.size(), "Consul's limit is 512 KiB");
    if (response.status != 200) refuse_answer(url_, response);
    return response.body.starts_with("true");
  }

 private:
  [[nodiscard]] std::vector<std::string> headers() const {
    if (token_.empty()) return {};
    return {"X-Consul-Token: " + token_};
  }

  [[nodiscard]] Document parsed(const Response& response) const {
    try {
      const Json entry = Json::parse(response.body).at(0);
      const auto& value = entry.at("Value");  // null where it is empty
      auto bytes = value.is_null() ? std::optional<std::string>("")
                                   : from_base64(value.get_ref<const std::string&>());
      const auto index = entry.at("ModifyIndex").get<std::uint64_t>();
      if (bytes) return {std::move(*bytes), std::to_string(index), ""};
    } catch (const Json::exception&) {
      refuse_answer(url_, response);
    }
    refuse_answer(url_, response);
  }

  std::string url_;
  std::string token_;
  Http http_;
};

}  // namespace

std::unique_ptr<Store> make_consul(const Settings& settings, const std::string& url) {
  return std::make_unique<Consul>(settings, url);
}

}  // namespace overland::source
