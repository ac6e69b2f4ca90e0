#pragma once
// Taking everything of ours away again.

#include "reconcile/apply.h"
#include "reconcile/saved_state.h"
#include "reconcile/survey.h"

namespace overland::reconcile {

/// What of ours is there, and the plan that removes it and puts back what we replaced.
Survey survey_removal(const host::Ports& ports, const SavedState& saved);

/// Executes that plan and looks again: after.plan is empty when nothing is left. The memory is
/// removed then, since nothing in it is true any more.
ApplyReport purge(const host::Ports& ports, Survey before, const std::filesystem::path& saved_file,
                  const SavedState& saved);

}  // namespace overland::reconcile
