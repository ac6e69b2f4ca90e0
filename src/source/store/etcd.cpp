// etcd v3 by its JSON gateway, in which keys and values are Base64 and numbers are strings:
// https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "source/base64.h"
#include "source/secret.h"
#include "source/store/stores.h"

namespace overland::source {
namespace {

using Json = nlohmann::json;

/// What `function` makes of the answer; throws kUnavailable where that is not etcd's.
template <typename Function>
auto read(const std::string& url, const Response& response, Function function) {
  try {
    return function(Json::parse(response.body));
  } catch (const Json::exception&) {
    refuse_answer(url, response);
  }
}

class Etcd : public Store {
 public:
  Etcd(const Settings& settings, const std::string& url)
      : url_(url),
        key_(to_base64(settings.key)),
        user_(settings.user),
        password_(settings.password),
        token_(settings.token),
        http_(settings.ca) {}

  std::optional<Document> get(const base::Deadline& deadline, const std::string&) override {
    const Response response = ask(deadline, "/v3/kv/range", {{"key", key_}});
    Document document;
    document.address = response.address;
    return read(url_, response, [&](const Json& answer) -> std::optional<Document> {
      // What is an answer has a header; one without values says that there is no such key.
      static_cast<void>(answer.at("header").at("cluster_id"));
      if (!answer.contains("kvs")) return std::nullopt;
      const Json& found = answer.at("kvs").at(0);
      const auto bytes = from_base64(found.value("value", ""));
      if (!bytes) refuse_answer(url_, response);
      document.bytes = *bytes;
      document.version = found.at("mod_revision").get<std::string>();
      return document;
    });
  }

  bool put(const base::Deadline& deadline, const std::string& bytes,
           const std::string& version) override {
    const Json same = {{"key", key_}, {"target", "MOD"}, {"mod_revision", version}};
    const Json write = {{"request_put", {{"key", key_}, {"value", to_base64(bytes)}}}};
    const Response response =
        ask(deadline, "/v3/kv/txn",
            {{"compare", Json::array({same})}, {"success", Json::array({write})}}, bytes.size());
    return read(url_, response, [](const Json& answer) {
      static_cast<void>(answer.at("header").at("cluster_id"));
      return answer.value("succeeded", false);  // left out where it is false
    });
  }

 private:
  /// Logs in first, where there is a user; a log-in that is too old is made anew.
  Response ask(const base::Deadline& deadline, const char* path, const Json& question,
               std::size_t size = 0) {
    for (const bool again : {false, true}) {
      if (token_.empty() && !user_.empty()) log_in(deadline);
      Request request{"POST", url_ + path, {"Content-Type: application/json"}, question.dump()};
      if (!token_.empty()) request.headers.push_back("Authorization: " + token_);
      Response response = http_.ask(request, deadline.left());
      if (response.status == 200) return response;
      if (response.status == 401 && !again && !user_.empty()) {
        token_.clear();
        continue;
      }
      if (response.body.find("too large") != std::string::npos) {
        refuse_size(url_, size, "etcd's limit is 1.5 MiB unless --max-request-bytes says else");
      }
      refuse_answer(url_, response);
    }
    throw base::Error(base::ErrorKind::kUnavailable, "etcd takes no log-in");
  }

  void log_in(const base::Deadline& deadline) {
    const Json question = {{"name", user_}, {"password", password_}};
    const Response response = http_.ask({"POST",
                                         url_ + "/v3/auth/authenticate",
                                         {"Content-Type: application/json"},
                                         question.dump()},
                                        deadline.left());
    if (response.status != 200) refuse_answer(url_, response);
    token_ = read(url_, response,
                  [](const Json& answer) { return answer.at("token").get<std::string>(); });
    if (!may_stand_in_header(token_)) refuse_answer(url_, {});
  }

  std::string url_;
  std::string key_;
  std::string user_;
  std::string password_;
  std::string token_;
  Http http_;
};

}  // namespace

std::unique_ptr<Store> make_etcd(const Settings& settings, const std::string& url) {
  return std::make_unique<Etcd>(settings, url);
}

}  // namespace overland::source
