#pragma once
// Whether a run may end at once: a whole look has found this host in order, not long ago, and
// nothing that such a look sees has changed since (reconcile/verified.h). To be used with the lock
// held.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "cli/options.h"
#include "host/ports.h"
#include "inventory/inventory.h"
#include "reconcile/survey.h"
#include "reconcile/verified.h"

namespace overland::cli {

class Machine;
struct Chosen;

/// Where that is recorded: beside the lock file.
std::filesystem::path verified_file(const Options& options);

/// The port of sysctls, with a note of what was read.
class NotedSysctls : public host::Sysctls {
 public:
  std::optional<std::string> read(const std::string& key) override;
  void apply(const plan::SysctlStep& step) override;

  host::Sysctls* below = nullptr;
  std::map<std::string, std::optional<std::string>> seen;
  bool changing = false;  // one had two values in the course of one look
};

class Unchanged {
 public:
  /// Looks at what costs little: routes, rules, files. What cannot be looked at is no fault: there
  /// is no record then.
  explicit Unchanged(const Options& options);
  Unchanged(const Unchanged&) = delete;
  Unchanged& operator=(const Unchanged&) = delete;

  /// The name of this host in the inventory, where all is as the record says.
  [[nodiscard]] std::optional<std::string> host() const;

  /// Has the look that follows note which sysctls it reads. Outlives the use of `machine`.
  void listen(Machine& machine);
  /// Records that the look, begun after this was made, has found all in order, by `chosen` as host
  /// `name`; unless something has changed meanwhile. A fault is logged.
  void keep(const Machine& machine, const Chosen& chosen, const inventory::Host& host,
            const model::HostFacts& facts);
  /// What was found in order once is no more, or nobody knows.
  void forget() const;

 private:
  const Options options_;
  std::optional<reconcile::Verified> record_;
  std::uint64_t seed_ = 0;
  std::int64_t began_ = 0;  // seconds of CLOCK_BOOTTIME
  std::optional<std::map<std::string, std::string>> standing_;
  NotedSysctls sysctls_;
};

}  // namespace overland::cli
