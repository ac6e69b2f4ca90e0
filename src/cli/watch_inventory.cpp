#include "cli/watch_inventory.h"

#include <spdlog/spdlog.h>

#include "base/error.h"
#include "cli/chosen.h"
#include "cli/log.h"
#include "cli/prometheus.h"
#include "inventory/inventory.h"

namespace overland::cli {

void PresentFile::check(const std::string& applied) {
  std::string now;
  try {
    now = content_hash(joined(inventory::read_sources(options_.inventory, options_.fragments,
                                                      inventory::Owners::kRootOnly)));
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kLocked) return;  // it changes still, which will be told
    hash_.clear();
    refuse(error.what());
    return;
  }
  const bool same = now == hash_;
  hash_ = std::move(now);
  if (hash_ == applied) {
    standing_ = Standing::kApplied;
    told_ = hash_;
  } else if (!same || told_ != hash_) {
    announce(applied);
  }
}

void PresentFile::announce(const std::string& applied) {
  try {
    const auto saved = reconcile::load_saved(options_.state_file, options_.spare_state_file);
    const auto present = read_present(options_, saved, Purpose::kApply);
    hash_ = present.hash;
    standing_ = Standing::kPending;
    told_ = hash_;
    if (!applied.empty()) {
      spdlog::warn("{} has changed and is valid; it is not applied yet: overland apply",
                   options_.inventory);
    }
  } catch (const base::Error& error) {
    refuse(error.what());
  }
}

void PresentFile::refuse(const std::string& why) {
  standing_ = Standing::kRefused;
  const std::string told = hash_.empty() ? why : hash_;
  if (told == told_) return;
  told_ = told;
  log_lines(spdlog::level::err, why);
  spdlog::error("what was applied last stays in force");
}

}  // namespace overland::cli
