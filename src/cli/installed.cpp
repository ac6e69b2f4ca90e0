#include "cli/installed.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "inventory/inventory.h"

namespace overland::cli {
namespace {

std::optional<std::string> installed() {
  return base::read_file(kInstalledInventory, inventory::kLargestFile);
}

/// Nothing where there is no main file.
std::optional<inventory::Sources> installed_sources() {
  if (!installed()) return std::nullopt;
  return inventory::read_sources(kInstalledInventory, kInstalledFragments, inventory::Owners::kAny);
}

}  // namespace

bool installed_differs(const std::string& bytes) {
  try {
    auto sources = installed_sources();
    return sources && joined(*std::move(sources)) != bytes;
  } catch (const base::Error&) {
    return true;  // whatever it is, it is not this
  }
}

void warn_of_installed(const Options& options, const std::string& bytes) {
  if (options.installed || !installed_differs(bytes)) return;
  spdlog::warn("{} differs from {}, which overland.timer or the next boot will put back",
               options.inventory, kInstalledInventory);
}

void install_inventory(const std::string& bytes) {
  const base::FileMode mode = {0644, ::geteuid(), ::getegid()};
  const auto old = installed();
  const auto tried = inventory::separated(bytes);
  if (tried.fragments != inventory::read_fragments(kInstalledFragments, inventory::Owners::kAny)) {
    throw base::Error(base::ErrorKind::kInventory,
                      std::string("the fragments in ") + kInstalledFragments +
                          " are others than those that were tried: put the files in their places "
                          "yourself, then confirm without --install");
  }
  const std::string& text = tried.text;
  if (old == text) return;
  if (old) {
    base::replace_file(std::string(kInstalledInventory) + ".bak", *old, mode,
                       base::Symlinks::kRefuse);
  }
  base::replace_file(kInstalledInventory, text, mode, base::Symlinks::kRefuse);
}

std::string describe(const Kept& kept) {
  const std::string file = kInstalledInventory;
  std::string text;
  if (kept.installed) text += "Installed as " + file + "\n";
  if (kept.differs) {
    text += "Confirmed, but not for good: overland.timer or the next boot puts " + file +
            " back, which differs\n";
  }
  if (kept.restart_due) {
    text +=
        "Confirmed, but a restart of Docker is due before all of it counts: overland apply "
        "--restart-docker\n";
  }
  if (!kept.differs && !kept.restart_due) text += "Confirmed: the changes stay\n";
  text.pop_back();
  return text;
}

}  // namespace overland::cli
