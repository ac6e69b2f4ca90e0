#include "inventory/edit/edited_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file_lock.h"
#include "inventory/inventory.h"
#include "inventory/report.h"

namespace overland::inventory {
namespace {

base::TrustedPlace place_of(const std::string& file) {
  if (file == "-") {
    throw base::Error(base::ErrorKind::kUsage, "standard input cannot be edited: name a file");
  }
  read_text(file, Owners::kAny);  // says best what is wrong with it
  std::error_code error;
  base::TrustedPlace place;
  place.path = std::filesystem::canonical(file, error);
  if (error) base::throw_errno("cannot find " + printable(file), error.value());
  place.name = place.path.filename();
  place.folder =
      base::UniqueFd(::open(place.path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.folder.valid()) {
    base::throw_errno("cannot open " + place.path.parent_path().string(), errno);
  }
  return place;
}

/// Against others of us: of three who exchange one file at a time, each unlike what it read, two
/// could put an old one back over what the third wrote. Whoever can open a folder can hold its
/// lock, so it is a file beside that only its maker may open, and that goes with the edit.
class EditLock {
 public:
  /// Throws kLocked after five seconds. Where no such file can be made none is held: whatever is in
  /// the way of it is in the way of the edit, which tells it better.
  explicit EditLock(const base::TrustedPlace& place)
      : path_(place.path.parent_path() / ("." + place.name + ".lock")) {
    constexpr std::chrono::seconds kPatience(5);
    try {
      lock_.emplace(path_, kPatience);
    } catch (const base::Error& error) {
      // Only of another user's may not even be asked.
      std::error_code unknown;
      const bool foreign = error.errno_value() == EACCES && std::filesystem::exists(path_, unknown);
      if (error.kind() != base::ErrorKind::kLocked && !foreign) return;
      throw base::Error(base::ErrorKind::kLocked, "another program holds the lock " +
                                                      printable(path_.string()) +
                                                      (foreign ? ", which is another user's" : "") +
                                                      "; nothing was written: run it again");
    }
  }
  ~EditLock() {
    if (lock_) ::unlink(path_.c_str());  // while it is held: it is still ours
  }
  EditLock(const EditLock&) = delete;
  EditLock& operator=(const EditLock&) = delete;

 private:
  std::filesystem::path path_;
  std::optional<base::FileLock> lock_;
};

[[noreturn]] void refuse_changed(const std::string& name) {
  throw base::Error(base::ErrorKind::kLocked,
                    name +
                        " was changed by somebody else meanwhile; that stays and "
                        "nothing of this was written: run it again");
}

}  // namespace

EditedFile::EditedFile(const std::string& file, base::TrustedPlace place)
    : name_(file), place_(std::move(place)), content_(base::read_place(place_, kLargestFile)) {}

EditedFile::EditedFile(const std::string& file) : EditedFile(file, place_of(file)) {
  if (!there()) base::throw_errno("cannot read " + printable(file), ENOENT);
}

EditedFile EditedFile::installed(const std::string& file) {
  try {
    EditedFile result(file, base::find_trusted_place(file));
    if (!result.place_.folder.valid()) {
      base::throw_errno("cannot open the folder of " + printable(file), ENOENT);
    }
    if (!result.there()) result.content_.mode = {0644, ::geteuid(), ::getegid()};
    return result;
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInvalid) throw;
    throw base::Error(base::ErrorKind::kInventory,
                      "others than root could change what root applies: the inventory " +
                          printable(file) + " is not written: " + printable(error.what()));
  }
}

void EditedFile::replace(const std::string& text) const {
  const EditLock locked(place_);
  exchange(text);
}

void EditedFile::exchange(const std::string& text) const {
  if (base::exchange_file(place_, content_.bytes, text, content_.mode)) return;
  refuse_changed(printable(name_));
}

EditedSources::EditedSources(const std::string& file, const std::string& folder)
    : file_(file),
      folder_(folder),
      main_(file),
      sources_(read_sources(file, folder, Owners::kAny)) {
  if (sources_.text != main_.text()) refuse_changed(printable(file));
}

void EditedSources::replace(const Sources& after) const {
  const EditLock locked(main_.place_);
  if (read_sources(file_, folder_, Owners::kAny) != sources_) refuse_changed(printable(file_));
  std::string written;
  try {
    for (std::size_t i = 0; i < sources_.fragments.size(); ++i) {
      const Fragment& before = sources_.fragments[i];
      if (after.fragments[i] == before) continue;
      const EditedFile fragment(folder_ + "/" + before.name);
      if (fragment.text() != before.text) refuse_changed(folder_ + "/" + before.name);
      fragment.exchange(after.fragments[i].text);
      written += (written.empty() ? "" : ", ") + before.name;
    }
    if (after.text != sources_.text) main_.exchange(after.text);
  } catch (const base::Error& error) {
    if (written.empty()) throw;
    throw base::Error(error.kind(),
                      std::string(error.what()) + "\n" + written + " of " + printable(folder_) +
                          (written.find(',') == std::string::npos ? " was" : " were") +
                          " written before that, and nothing else: run it again",
                      error.errno_value());
  }
}

}  // namespace overland::inventory
