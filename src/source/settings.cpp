#include "source/settings.h"

#include <fcntl.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/trusted_path.h"
#include "inventory/report.h"
#include "inventory/suggest.h"
#include "model/address.h"
#include "source/secret.h"

namespace overland::source {
namespace {

constexpr std::size_t kLargestSettings = 64U << 10U;
constexpr std::int64_t kLongestTimeout = 300;  // seconds
constexpr std::array<std::string_view, 11> kKeys = {
    "type",       "url",     "key",        "ca",      "user",      "password_file",
    "token_file", "signers", "generation", "timeout", "plain_http"};

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

/// No blank, control or other character that could end a URL or a header.
bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool on_this_machine(const std::string& host) {
  static const model::Prefix kLoopback = *model::Prefix::parse("127.0.0.0/8");
  const auto address = model::Address::parse(host);  // 127.example.org is a name
  return host == "localhost" || host == "::1" || (address && kLoopback.contains(*address));
}

/// Reads the keys one by one, and keeps what is wrong with each.
class Reader {
 public:
  Reader(const toml::table& table, std::string file) : table_(table), file_(std::move(file)) {
    const std::vector<std::string_view> known(kKeys.begin(), kKeys.end());
    for (const auto& [key, node] : table) {
      const auto name = key.str();
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto meant = inventory::nearest(name, known);
      fault(node.source(), "unknown key " + inventory::quote(name) +
                               (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"));
    }
  }

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  /// "" where there is none, or it is faulty.
  std::string text(std::string_view key) {
    const toml::node* const node = table_.get(key);
    return node == nullptr ? "" : text(*node, key);
  }
  std::vector<std::string> texts(std::string_view key) {
    const toml::node* const node = table_.get(key);
    const toml::array* const list = node == nullptr ? nullptr : node->as_array();
    if (list == nullptr)
      return node == nullptr ? std::vector<std::string>{} : std::vector{text(key)};
    if (list->empty()) fault(node->source(), std::string(key) + " is an empty list");
    std::vector<std::string> result;
    for (const toml::node& one : *list) result.push_back(text(one, key));
    return result;
  }
  std::int64_t seconds(std::string_view key, std::int64_t otherwise) {
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (value && *value >= 1 && *value <= kLongestTimeout) return *value;
    fault(node->source(), std::string(key) + " takes 1 to 300 seconds");
    return otherwise;
  }
  bool flag(std::string_view key) {
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return false;
    const auto value = node->value_exact<bool>();
    if (!value) fault(node->source(), std::string(key) + " takes true or false");
    return value.value_or(false);
  }

  void fault(const toml::source_region& at, const std::string& sentence) {
    faults_ += (faults_.empty() ? "" : "\n") + file_ + ":" + std::to_string(at.begin.line) + ":" +
               std::to_string(at.begin.column) + ": " + sentence;
  }
  void fault_of(std::string_view key, const std::string& sentence) {
    const toml::node* const node = table_.get(key);
    fault(node == nullptr ? table_.source() : node->source(), sentence);
  }
  /// Throws where there was a fault.
  void finish() const {
    if (!faults_.empty()) refuse(faults_);
  }

 private:
  std::string text(const toml::node& node, std::string_view key) {
    const auto value = node.value_exact<std::string>();
    if (value && !value->empty() && plain(*value)) return *value;
    fault(node.source(), std::string(key) + " takes a text in quotes, without blanks");
    return "";
  }

  const toml::table& table_;
  std::string file_;
  std::string faults_;
};

void read_kind(Reader& reader, Settings& settings) {
  const std::string type = reader.text("type");
  if (type == "etcd") {
    settings.kind = Kind::kEtcd;
  } else if (type == "consul") {
    settings.kind = Kind::kConsul;
  } else if (type == "https") {
    settings.kind = Kind::kHttps;
  } else {
    reader.fault_of("type", "type takes \"etcd\", \"consul\" or \"https\"");
  }
}

void read_urls(Reader& reader, Settings& settings) {
  settings.urls = reader.texts("url");
  if (!reader.has("url")) reader.fault_of("url", "url is missing: url = \"https://…\"");
  const bool plain_http = reader.flag("plain_http");
  for (std::string& url : settings.urls) {
    while (settings.kind != Kind::kHttps && url.ends_with('/')) url.pop_back();
    const bool open = url.starts_with("http://");
    if (url.empty()) continue;  // told already
    if ((!open && !url.starts_with("https://")) || host_of(url).empty()) {
      reader.fault_of("url", "url takes https://HOST[:PORT][/PATH]");
    } else if (url.find('@') != std::string::npos) {
      reader.fault_of("url", "a url names no user: write token_file, or user and password_file");
    } else if (open && !plain_http && !on_this_machine(host_of(url))) {
      reader.fault_of("url",
                      "whoever is on the way of http could change the routes of every host: "
                      "write https://, or plain_http = true");
    }
  }
}

/// What goes with which type.
void check_keys(Reader& reader, const Settings& settings) {
  const bool keyed = settings.kind != Kind::kHttps;
  if (keyed != reader.has("key")) {
    reader.fault_of("key", keyed ? "key is missing: the name of the document in the store"
                                 : "key is for etcd and Consul; the url names the document");
  }
  for (const char* const key : {"user", "password_file"}) {
    if (reader.has(key) && settings.kind != Kind::kEtcd) {
      reader.fault_of(key, std::string(key) + " is for etcd; use token_file");
    }
  }
  if (reader.has("user") != reader.has("password_file")) {
    reader.fault_of("user", "user and password_file go together");
  }
  if (reader.has("user") && reader.has("token_file")) {
    reader.fault_of("token_file", "give user and password_file, or token_file");
  }
}

/// `key` names a file that only root can change; its path, and as a secret what is in it.
std::string named_file(Reader& reader, const char* key, bool secret) {
  const std::string file = reader.text(key);
  if (file.empty()) return "";
  try {
    if (!file.starts_with('/')) throw base::Error(base::ErrorKind::kInvalid, "takes a full path");
    if (secret) return read_secret(file);
    if (base::open_trusted(file, O_RDONLY, base::Sticky::kFoldersOnly).valid()) return file;
    throw base::Error(base::ErrorKind::kInvalid, "there is no file " + file);
  } catch (const base::Error& error) {
    reader.fault_of(key, std::string(key) + ": " + error.what());
    return "";
  }
}

std::string generation(Reader& reader) {
  const std::string word = reader.has("generation") ? reader.text("generation") : "required";
  if (word != "required" && word != "optional") {
    reader.fault_of("generation", "generation takes \"required\" or \"optional\"");
  }
  return word;
}

toml::table parse_file(const std::string& text, const std::string& file) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    refuse(file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
           inventory::printable(error.description()));
  }
}

}  // namespace

std::string host_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "";
  const std::string rest =
      url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  if (rest.starts_with('[')) return rest.substr(1, rest.find(']') - 1);
  return rest.substr(0, rest.find(':'));
}

Settings read_settings(const std::filesystem::path& file) {
  const std::string text = read_private(file, kLargestSettings);
  const toml::table table = parse_file(text, file.string());
  Reader reader(table, file.string());
  Settings settings;
  read_kind(reader, settings);
  read_urls(reader, settings);
  check_keys(reader, settings);
  settings.key = reader.text("key");
  settings.user = reader.text("user");
  settings.ca = named_file(reader, "ca", false);
  settings.signers = named_file(reader, "signers", false);
  settings.password = named_file(reader, "password_file", true);
  settings.token = named_file(reader, "token_file", true);
  settings.generation_required = generation(reader) == "required";
  settings.timeout = std::chrono::seconds(reader.seconds("timeout", 5));
  reader.finish();
  return settings;
}

std::string describe(const Settings& settings) {
  std::string text = settings.kind == Kind::kEtcd     ? "etcd "
                     : settings.kind == Kind::kConsul ? "Consul "
                                                      : "";
  for (const std::string& url : settings.urls) {
    // What stands behind a question mark may let in whoever knows it.
    const std::size_t query = url.find('?');
    text += (&url == &settings.urls[0] ? "" : ",") + url.substr(0, query) +
            (query == std::string::npos ? "" : "?…");
  }
  return settings.key.empty() ? text : text + " " + settings.key;
}

}  // namespace overland::source
