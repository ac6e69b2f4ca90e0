// Any inventory that is accepted can be edited, in whatever way it is written: what is refused is
// refused for what it says.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "inventory/edit/edit.h"

using namespace overland;

namespace {

template <typename Change>
void change(Change make) {
  try {
    if (!inventory::parse(make().after).inventory) std::abort();
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kFailure) std::abort();  // "in a way overland cannot edit"
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto loaded = inventory::parse(text);
  if (!loaded.inventory || loaded.inventory->hosts.size() > 50) return 0;
  change([&] { return inventory::assign({text}, {.all = true}); });
  inventory::NewHost host;
  host.name = "fuzz";
  host.addresses = {
      model::Address::from_ipv4(loaded.inventory->segments.front().subnet.last().ipv4() - 1)};
  change([&] { return inventory::add_host({text}, host); });
  for (const auto& one : loaded.inventory->hosts) {
    change([&] { return inventory::remove_host({text}, one.name); });
  }
  return 0;
}
