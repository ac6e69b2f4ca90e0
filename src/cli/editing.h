#pragma once
// What the verbs that edit an inventory have in common, wherever it stands: any files that their
// user may write, without root, or a store (cli/source). Nothing on this machine but that changes.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "inventory/edit/edit.h"
#include "inventory/edit/edited_file.h"

namespace overland::cli {

/// What may be wrong with an inventory that is edited.
enum class Lacks : std::uint8_t { kNothing, kHosts, kSlots };

/// Where it stands.
class EditPlace {
 public:
  using Change = std::function<inventory::Edit(const inventory::Sources& before)>;

  EditPlace() = default;
  EditPlace(const EditPlace&) = delete;
  EditPlace& operator=(const EditPlace&) = delete;
  virtual ~EditPlace() = default;

  /// "add", or "publish add": what the verb is called there.
  [[nodiscard]] virtual std::string verb(const std::string& name) const = 0;
  /// --dry-run, --json, and which place it is.
  [[nodiscard]] virtual po::options_description options() const = 0;
  /// `names`: unnamed arguments of assign, of which the first may be the place; it is taken out.
  virtual void choose(const po::variables_map& values, std::vector<std::string>* names) = 0;

  struct Done {
    inventory::Edit edit;
    bool changed = false;
  };
  /// Changes it, unless it is a dry run. Nothing may be wrong with it but `lacks`. Throws
  /// kInventory.
  virtual Done edit(const Change& change, Lacks lacks) = 0;

  [[nodiscard]] virtual std::string name() const = 0;
  /// The name, or that of the fragment.
  [[nodiscard]] virtual std::string path(const std::string& fragment) const = 0;
  /// "put FILE on every host as … but HOST, run `overland apply` there"
  [[nodiscard]] virtual std::string roll_out(const std::string& but) const = 0;
};

class FilePlace : public EditPlace {
 public:
  [[nodiscard]] std::string verb(const std::string& name) const override { return name; }
  [[nodiscard]] po::options_description options() const override;
  void choose(const po::variables_map& values, std::vector<std::string>* names) override;
  Done edit(const Change& change, Lacks lacks) override;
  [[nodiscard]] std::string name() const override { return file_; }
  [[nodiscard]] std::string path(const std::string& fragment) const override;
  [[nodiscard]] std::string roll_out(const std::string& but) const override;

 private:
  std::string file_;
  std::string folder_;  // of the fragments; empty: none
  bool dry_run_ = false;
};

/// The verbs, in any place.
int assign_in(EditPlace& place, const std::vector<std::string>& arguments);
int add_host_in(EditPlace& place, const std::vector<std::string>& arguments);
int remove_host_in(EditPlace& place, const std::vector<std::string>& arguments);

/// --length, and its value; throws kUsage where no bip can have it.
void add_length_option(po::options_description& options);
std::optional<std::uint8_t> bip_length(const po::variables_map& values);

/// Logs the faults of `sources`, which are `name` and in `folder`, and throws kInventory where they
/// have others than those of `lacks`.
void require_editable(const inventory::Sources& sources, const std::string& name,
                      const std::string& folder, Lacks lacks);

/// Ends a sentence about an edit: ", generation 8", and that nothing was written, where so.
std::string edit_ending(const inventory::Edit& edit, bool dry_run);

/// What was given or removed, as one document. `removed`: the host's name, else empty.
std::string edit_json(const EditPlace& place, const EditPlace::Done& done, bool dry_run,
                      const std::string& removed = {});

}  // namespace overland::cli
