#include "kernel/link_names.h"

#include <net/if.h>

#include <array>

namespace overland::kernel {

const std::string& LinkNames::name(unsigned index) {
  const auto [place, added] = names_.try_emplace(index);
  std::array<char, IF_NAMESIZE> name = {};
  if (added && index != 0 && ::if_indextoname(index, name.data()) != nullptr) {
    place->second = name.data();
  }
  return place->second;
}

unsigned LinkNames::index(const std::string& name) {
  const auto [place, added] = indexes_.try_emplace(name, 0U);
  if (added) place->second = ::if_nametoindex(name.c_str());
  return place->second;
}

}  // namespace overland::kernel
