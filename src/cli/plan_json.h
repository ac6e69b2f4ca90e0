#pragma once
// Plans as programs read them, and what the JSON documents of all verbs have in common.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plan/plan.h"

namespace overland::cli {

/// Version of the JSON documents of plan, apply and status; grows when a field changes its meaning.
inline constexpr int kSchemaVersion = 1;

/// {"schema_version": 1, "changed": …, "summary": {…}, "steps": […], "conflicts": […], …}
std::string plan_json(const plan::Plan& plan, const std::string& host);

/// Puts in the findings, by what they mean for a run ("findings" hold something back, "conflicts",
/// "advice"), and whether Docker has to be restarted.
void put_findings(nlohmann::ordered_json& document, const plan::Plan& plan);

/// The document, indented, with its final newline; bytes that are no UTF-8 are replaced.
std::string printed(const nlohmann::ordered_json& document);

}  // namespace overland::cli
