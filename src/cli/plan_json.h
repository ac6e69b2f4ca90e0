#pragma once
// Plans as programs read them, and what the JSON documents of all verbs have in common.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plan/plan.h"

namespace overland::cli {

/// Version of the JSON documents of all verbs (docs/json.md); grows when a field goes or changes
/// its meaning, not when one is added.
inline constexpr int kSchemaVersion = 2;

/// {"schema_version": 2, "changed": …, "summary": {…}, "steps": […], "conflicts": […], …}
std::string plan_json(const plan::Plan& plan, const std::string& host);

/// Puts in what is held back, and why.
void put_held(nlohmann::ordered_json& document, const plan::Plan& plan);

/// Puts in the findings, by what they mean for a run ("findings" hold something back, "conflicts",
/// "advice"), and whether Docker has to be restarted.
void put_findings(nlohmann::ordered_json& document, const plan::Plan& plan);

/// The document, indented, with its final newline; bytes that are no UTF-8 are replaced.
std::string printed(const nlohmann::ordered_json& document);

}  // namespace overland::cli
