#pragma once
// Metrics in Prometheus' text format, for the textfile collector of the node exporter: one value
// each, no time stamps, units in the names.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/content_hash.h"
#include "cli/verdict.h"
#include "reconcile/run_record.h"
#include "reconcile/survey.h"
#include "source/record.h"

namespace overland::cli {

struct InventoryNumbers {
  std::string hash;
  std::optional<std::int64_t> generation;
  bool refused = false;  // the present file; the others are those of the one applied last then
};

std::string prometheus_text(const reconcile::Survey& survey, const reconcile::RunRecord& runs,
                            const InventoryNumbers& inventory);

/// What a watcher adds: how many fights go on, and whether another inventory waits to be applied.
std::string watch_metrics(std::size_t fights, bool pending);

/// What the visits to the inventory's source came to; empty where there were none.
std::string source_metrics(const std::optional<source::Record>& record);

/// Writes them whole or not at all, for everybody to read; "-" is standard output. Throws what
/// errno says, and kFailure where its folder is not there: none is made.
void write_metrics(const std::string& file, const std::string& text);

/// What is known where there was no survey: that nobody can tell how this host stands.
std::string prometheus_text(const reconcile::RunRecord& runs, bool refused);

}  // namespace overland::cli
