#pragma once
// A plan as people read it.

#include <string>
#include <vector>

#include "plan/plan.h"

namespace overland::plan {

struct Totals {
  std::size_t add = 0;
  std::size_t change = 0;
  std::size_t remove = 0;

  void count(const Step& step);
};

Totals count(const std::vector<Step>& steps);

/// "4 to add, 1 to change, 0 to remove"
std::string show(const Totals& totals);

/// The line "Plan: …", then what is held back, the conflicts and the advice. Ends with a newline.
std::string render_summary(const Plan& plan);

/// The diff with its legend and the summary; only the summary where there is nothing to do.
/// With `color` in ANSI colours.
std::string render_text(const Plan& plan, bool color);

}  // namespace overland::plan
