#include "init/sections.h"

#include <algorithm>

#include "base/error.h"

namespace overland::init {

std::map<std::string, std::string, std::less<>> read_sections(std::string_view said) {
  std::map<std::string, std::string, std::less<>> result;
  std::string* part = nullptr;
  bool begun = false;
  while (!said.empty()) {
    const std::size_t end = std::min(said.find('\n'), said.size());
    const std::string_view line = said.substr(0, end);
    said.remove_prefix(std::min(end + 1, said.size()));
    if (line == "@overland 1") begun = true;
    if (!begun || line.empty()) continue;
    if (line == "@end") return result;
    if (line.front() == '@') part = &result[std::string(line.substr(1))];
    if (line.front() == ' ' && part != nullptr) *part += std::string(line.substr(1)) + "\n";
  }
  throw base::Error(
      base::ErrorKind::kInvalid,
      begun ? "its answer is cut off" : "it did not run the script: is its login shell a shell?");
}

}  // namespace overland::init
