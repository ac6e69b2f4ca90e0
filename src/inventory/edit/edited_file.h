#pragma once
// An inventory that is edited where it stands: anybody's files, each replaced as a whole, and only
// while all hold what was read.

#include <string>

#include "base/exchange_file.h"
#include "inventory/sources.h"

namespace overland::inventory {

class EditedFile {
 public:
  /// Reads `file`, wherever links lead. Throws kInventory as read_text() does, kUsage for "-".
  explicit EditedFile(const std::string& file);

  /// As above, where only root can change `file`, which need not be there yet. Throws kInventory
  /// where others can, too.
  static EditedFile installed(const std::string& file);

  [[nodiscard]] bool there() const { return content_.bytes.has_value(); }
  /// Of a file that is there.
  [[nodiscard]] const std::string& text() const { return *content_.bytes; }
  /// Puts `text` in its place, with its mode and owner. Throws kLocked where it was changed since
  /// or its lock, `.NAME.lock` beside it, is held for long, and what errno says; then it stays as
  /// it is.
  void replace(const std::string& text) const;

 private:
  friend class EditedSources;

  EditedFile(const std::string& file, base::TrustedPlace place);
  /// As replace(), by who has a lock.
  void exchange(const std::string& text) const;

  std::string name_;
  base::TrustedPlace place_;  // trusted only where installed() has found it
  base::FileContent content_;
};

class EditedSources {
 public:
  /// Reads `file` and the fragments in `folder`. Throws as EditedFile and read_sources() do.
  EditedSources(const std::string& file, const std::string& folder);

  [[nodiscard]] const Sources& sources() const { return sources_; }
  /// Puts `after` in their places, fragments first; files that say the same already are left alone.
  /// The main file's lock is that of all. Throws as EditedFile does, naming what was written
  /// already.
  void replace(const Sources& after) const;

 private:
  std::string file_;
  std::string folder_;
  EditedFile main_;
  Sources sources_;
};

}  // namespace overland::inventory
