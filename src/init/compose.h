#pragma once
// The text of an inventory. Nothing that a host said can be anything but a remark or a value: names
// were checked, addresses are written by us, remarks have one line of ASCII each.

#include <string>

#include "init/layout.h"

namespace overland::init {

std::string compose(const Layout& layout);

}  // namespace overland::init
