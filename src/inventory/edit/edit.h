#pragma once
// Changes to the texts of an inventory, as a careful author would make them: comments, alignment,
// line ends and order stay, no other value is touched. What comes out has been read by parse() and
// says what was said before but for what was asked.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace overland::inventory {

struct Given {
  std::string host;
  model::InterfaceAddress bip;
};

struct GivenSlot {
  std::string host;
  std::uint32_t slot = 0;
};

struct Edit {
  Sources after;                      // each file whole; as it was where nothing had to change
  std::vector<Given> given = {};      // in the order of the files
  std::vector<GivenSlot> slots = {};  // likewise
  std::vector<Given> had = {};        // of those named, what they had already
  std::optional<std::int64_t> generation = {};  // the new one, where the file counts them
  // Of a removed host:
  std::string fragment = {};  // that held it; empty: the main file
  std::size_t first_line = 0;
  std::size_t last_line = 0;
  std::size_t comment_line = 0;  // of the comment right above it, which stays; 0: there is none
};

struct AssignRequest {
  std::vector<std::string> hosts = {};      // beside those that say "auto"
  bool all = false;                         // and those without a bip that are no routers
  std::optional<std::uint8_t> length = {};  // instead of bip_length
};

/// Gives bips from the pool; and slots, where networks have pieces by slot, to those that get a
/// bip, those that a network names, and those of `request` that have a bip already. `before` is
/// what parse_to_assign() takes. Throws kUsage where a name is no host's, kInventory where the pool
/// or a network has no room for all of them.
Edit assign(const Sources& before, const AssignRequest& request);

struct NewHost {
  std::string name;
  std::vector<model::Address> addresses;
  std::optional<model::InterfaceAddress> bip;
  bool from_pool = false;              // its bip is the next of the pool
  std::optional<std::uint8_t> length;  // of that
};

/// Puts a host behind the last one of the main file, with a slot where networks have pieces by slot
/// and it has a bip. parse() has no errors in `before`, but that there may be no host yet. Nothing
/// changes where it is there with these addresses and, if one is given, this bip. Throws kUsage
/// where it is there with others or its name could not stand in a file, kInventory where parse()
/// would not take the result.
Edit add_host(const Sources& before, const NewHost& host);

/// Takes a host out of the file it is in. Throws kUsage where there is none of that name,
/// kInventory where parse() would not take the result.
Edit remove_host(const Sources& before, const std::string& name);

}  // namespace overland::inventory
