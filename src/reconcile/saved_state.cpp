#include "reconcile/saved_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"
#include "reconcile/saved_json.h"

namespace overland::reconcile {
namespace {

namespace fs = std::filesystem;
constexpr int kMostAside = 5;  // what is set aside once more takes the place of the last

/// Whether the file is to blame, not the disk.
bool is_faulty(const base::Error& error) {
  return error.kind() == base::ErrorKind::kInvalid || error.errno_value() == EFBIG;
}

/// What stands in the file; nullopt where there is none. Any fault is one of what was understood.
std::optional<Understood> examine(const fs::path& file) {
  try {
    std::error_code unknown;
    if (fs::is_symlink(fs::symlink_status(file, unknown))) {
      return Understood{{}, "is a symbolic link", "damaged"};
    }
    const auto text = base::read_trusted(file, kLargestSaved, base::Sticky::kFoldersOnly);
    if (!text) return std::nullopt;
    return from_text(*text);
  } catch (const base::Error& error) {
    Understood found{{}, std::string("cannot be believed (") + error.what() + ")", "damaged"};
    found.state.unread = !is_faulty(error);
    return found;
  }
}

void set_aside(const fs::path& file, const std::string& version) {
  fs::path aside;
  for (int number = 1; number <= kMostAside; ++number) {
    aside = file.string() + "." + version + "-" + std::to_string(number);
    std::error_code unknown;
    if (!fs::exists(fs::symlink_status(aside, unknown))) break;
  }
  std::error_code error;
  fs::rename(file, aside, error);
  if (error) base::throw_errno("cannot set " + file.string() + " aside", error.value());
}

}  // namespace

SavedState load_saved(const fs::path& file) {
  auto found = examine(file);
  if (!found) return {};
  if (!found->fault.empty()) {
    found->state.doubt =
        file.string() + " " + found->fault +
        (found->state.unread ? "; this run does without it"
                             : "; nothing in it counts: what it knew for purge is lost, and a copy "
                               "is kept beside it when it is written next");
  }
  return std::move(found->state);
}

SavedState load_saved(const fs::path& file, const fs::path& spare) {
  SavedState state = load_saved(file);
  if (spare.empty()) return state;
  const SavedState spared = load_saved(spare);
  for (const auto& [key, value] : spared.sysctls) {
    // It is of this boot, or it would be gone.
    const auto [entry, fresh] = state.sysctls.try_emplace(key, value);
    if (!fresh && entry->second.boot != value.boot) entry->second = value;
  }
  return state;
}

void store_spare(const fs::path& spare, const SavedState& state) {
  SavedState sysctls;
  sysctls.sysctls = state.sysctls;
  store_saved(spare, sysctls);
}

std::optional<std::string> saved_bytes(const fs::path& file) {
  try {
    return base::read_trusted(file, kLargestSaved, base::Sticky::kFoldersOnly);
  } catch (const base::Error& error) {
    if (!is_faulty(error)) throw;
    return std::nullopt;  // it is set aside before the first change
  }
}

void store_saved(const fs::path& file, const SavedState& state) {
  const std::string text = to_text(state);
  if (text.size() > kLargestSaved) {
    throw base::Error(base::ErrorKind::kFailure, file.string() + " would be too large");
  }
  if (saved_bytes(file) == text) return;
  if (state.unread) throw base::Error(base::ErrorKind::kFailure, "not written: " + state.doubt);
  // A folder that others may write is none to keep anything in.
  if (file.has_parent_path()) {
    base::open_trusted(file.parent_path(), O_PATH | O_DIRECTORY, base::Sticky::kFoldersOnly);
  }
  if (!state.doubt.empty()) {
    const auto found = examine(file);
    if (found && !found->fault.empty()) set_aside(file, found->version);
  }
  base::replace_file(file, text, {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
}

void forget_saved(const fs::path& file) {
  const auto found = examine(file);
  if (!found) return;
  if (found->state.unread) {
    throw base::Error(base::ErrorKind::kFailure, file.string() + " " + found->fault);
  }
  if (!found->fault.empty()) return set_aside(file, found->version);
  std::error_code error;
  fs::remove(file, error);
  if (error) base::throw_errno("cannot remove " + file.string(), error.value());
}

}  // namespace overland::reconcile
