#pragma once
// Cuts a large inventory into pieces that are TOML each and mean the same one after the other: the
// parser's tree of a whole file takes ten times the file's size.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace overland::inventory {

struct Sections {
  /// Where the lines begin that open a [[host]].
  std::vector<std::size_t> hosts;
  /// Nothing but hosts comes after the first of them, so that the text may be cut at each.
  bool hosts_last = true;
  /// Where the section [end] begins: it is no part of the TOML.
  std::optional<std::size_t> end;
};

/// `text` has passed refuse_early().
Sections find_sections(std::string_view text);

/// The pieces in their order, each of about `size` bytes or more; the first one holds all that is
/// before the hosts, and a host. The whole text where it cannot be cut.
std::vector<std::string_view> cut(std::string_view text, const Sections& sections,
                                  std::size_t size);

}  // namespace overland::inventory
