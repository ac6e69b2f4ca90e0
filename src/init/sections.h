#pragma once
// The parts of what the script said. Each line of an answer begins with a blank, a heading with @;
// what comes before the first heading is some shell's greeting.

#include <map>
#include <string>
#include <string_view>

namespace overland::init {

/// By heading. Throws kInvalid where the first or the last one is missing.
std::map<std::string, std::string, std::less<>> read_sections(std::string_view said);

}  // namespace overland::init
