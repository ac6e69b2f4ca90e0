#include "cli/installed.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "inventory/inventory.h"

namespace overland::cli {
namespace {

std::optional<std::string> installed() {
  return base::read_file(kInstalledInventory, inventory::kLargestFile);
}

}  // namespace

bool installed_differs(std::string_view text) {
  try {
    return installed().value_or(std::string(text)) != text;
  } catch (const base::Error&) {
    return true;  // whatever it is, it is not this
  }
}

void warn_of_installed(const Options& options, std::string_view text) {
  if (options.installed || !installed_differs(text)) return;
  spdlog::warn("{} differs from {}, which overland.timer or the next boot will put back",
               options.inventory, kInstalledInventory);
}

void install_inventory(std::string_view text) {
  const base::FileMode mode = {0644, ::geteuid(), ::getegid()};
  const auto old = installed();
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
