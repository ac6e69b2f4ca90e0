#pragma once
// Where the hosts of a file stand, and the splices that give one a key, take one out or put one
// behind the others. Comments outside a host stay; those between its own lines go with it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/edit/toml_text.h"

namespace overland::inventory {

/// In the order of the file, as Inventory::hosts; nullptr where there is none.
const toml::array* host_list(const TomlText& text);

/// Writes `key` with `value` as TOML writes it, or changes it where the host has it: of "auto" the
/// word alone.
Splice write_key(const TomlText& text, const toml::table& host, std::string_view key,
                 std::string_view value);

struct Cut {
  std::vector<Splice> splices;
  std::size_t first_line = 0;  // of the host
  std::size_t last_line = 0;
  std::size_t comment_line = 0;  // of the comment right above it, which stays; 0: there is none
};

/// Takes host number `index` out.
Cut cut_host(const TomlText& text, const toml::array& hosts, std::size_t index);

/// The keys of a host in their order, each with its value as TOML writes it.
using HostLines = std::vector<std::pair<std::string, std::string>>;

/// Puts one behind the last.
Splice append_host(const TomlText& text, const HostLines& lines);

}  // namespace overland::inventory
