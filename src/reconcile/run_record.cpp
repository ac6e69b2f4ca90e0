#include "reconcile/run_record.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"
#include "plan/describe.h"

namespace overland::reconcile {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kLimit = 64U << 10U;  // two times, five counters, 1000 hashes of 19 bytes

}  // namespace

RunRecord load_runs(const std::filesystem::path& file) {
  RunRecord record;
  try {
    const auto text = base::read_trusted(file, kLimit, base::Sticky::kFoldersOnly);
    if (!text) return {};
    const Json document = Json::parse(*text);
    record.last_run = document.at("last_run").get<std::int64_t>();
    record.last_success = document.at("last_success").get<std::int64_t>();
    record.repairs = document.at("repairs").get<std::map<std::string, std::uint64_t>>();
    record.locked_in_a_row = document.value("locked_in_a_row", std::uint64_t{0});
    record.told = document.value("told", std::vector<std::string>());
  } catch (const Json::exception&) {
    return {};  // counters may start again, apply may not fail for them
  } catch (const base::Error&) {
    return {};  // store_runs() meets the same and says so
  }
  return record;
}

void store_runs(const std::filesystem::path& file, const RunRecord& record) {
  const Json document = {{"last_run", record.last_run},
                         {"last_success", record.last_success},
                         {"repairs", record.repairs},
                         {"locked_in_a_row", record.locked_in_a_row},
                         {"told", record.told}};
  base::replace_file(file, document.dump() + "\n", {0644, ::geteuid(), ::getegid()},
                     base::Symlinks::kRefuse);
}

void count_repairs(const std::vector<StepReport>& steps, RunRecord& record) {
  for (const auto& step : steps) {
    if (step.status == Status::kDone) ++record.repairs[plan::kind(step.step)];
  }
}

}  // namespace overland::reconcile
