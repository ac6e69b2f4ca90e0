#include "source/record.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"

namespace overland::source {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kLimit = 64U << 10U;
constexpr std::size_t kLongestFault = 4096;  // a document's faults may be a thousand

}  // namespace

std::optional<Record> load_record(const std::filesystem::path& file) {
  try {
    const auto text = base::read_trusted(file, kLimit, base::Sticky::kFoldersOnly);
    if (!text) return std::nullopt;
    const Json document = Json::parse(*text);
    Record record;
    record.source = document.at("source").get<std::string>();
    record.last_visit = document.at("last_visit").get<std::int64_t>();
    record.last_success = document.at("last_success").get<std::int64_t>();
    record.fault = document.at("fault").get<std::string>();
    record.warning = document.at("warning").get<std::string>();
    if (!document.at("generation").is_null()) {
      record.generation = document.at("generation").get<std::int64_t>();
    }
    record.hash = document.at("hash").get<std::string>();
    record.version = document.at("version").get<std::string>();
    return record;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;  // store_record() meets the same and says so
  }
}

void store_record(const std::filesystem::path& file, const Record& record) {
  const Json document = {{"source", record.source},
                         {"last_visit", record.last_visit},
                         {"last_success", record.last_success},
                         {"fault", record.fault.substr(0, kLongestFault)},
                         {"warning", record.warning},
                         {"generation", record.generation ? Json(*record.generation) : Json()},
                         {"hash", record.hash},
                         {"version", record.version}};
  base::replace_file(file, document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
                     {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
}

}  // namespace overland::source
