#pragma once
// Metrics in Prometheus' text format, for the textfile collector of the node exporter: one value
// each, no time stamps, units in the names.

#include <optional>
#include <string>

#include "reconcile/run_record.h"
#include "reconcile/survey.h"

namespace overland::cli {

/// Equal for equal bytes on every host: 16 hexadecimal digits, FNV-1a of 64 bits. Finds hosts that
/// were left behind; no protection against an adversary.
std::string content_hash(std::string_view content);

/// `inventory_hash` is left out where it is not known.
std::string prometheus_text(const reconcile::Survey& survey, const reconcile::RunRecord& runs,
                            const std::optional<std::string>& inventory_hash);

}  // namespace overland::cli
