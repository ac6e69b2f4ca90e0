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

void warn_of_installed(const std::string& file, std::string_view text) {
  if (file == kInstalledInventory || !installed_differs(text)) return;
  spdlog::warn("{} differs from {}, which overland.timer or the next boot will put back", file,
               kInstalledInventory);
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

}  // namespace overland::cli
