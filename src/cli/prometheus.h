#pragma once
// Metrics in Prometheus' text format, for the textfile collector of the node exporter: one value
// each, no time stamps, units in the names.

#include <cstdint>
#include <optional>
#include <string>

#include "reconcile/run_record.h"
#include "reconcile/survey.h"

namespace overland::cli {

/// Equal for equal bytes on every host: 16 hexadecimal digits, FNV-1a of 64 bits. Finds hosts that
/// were left behind; no protection against an adversary.
std::string content_hash(std::string_view content);

struct InventoryNumbers {
  std::string hash;
  std::optional<std::int64_t> generation;
  bool refused = false;  // the present file; the others are those of the one applied last then
};

std::string prometheus_text(const reconcile::Survey& survey, const reconcile::RunRecord& runs,
                            const InventoryNumbers& inventory);

}  // namespace overland::cli
