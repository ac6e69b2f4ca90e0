#pragma once
// A host's answer taken apart into what each command said. Written by others: whatever stands
// outside of parts (what a shell's start-up files print) is passed over.

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace overland::fleet {

struct Part {
  std::string_view text;      // of the answer taken apart; not printable as it is
  std::optional<int> status;  // of the command; nullopt: the answer ends before
};

using Parts = std::map<std::string, Part, std::less<>>;

/// Of two parts of one name the first counts.
Parts parts_of(std::string_view answer);

}  // namespace overland::fleet
