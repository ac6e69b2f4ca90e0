#include "inventory/edit/edit.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "inventory/edit/pool.h"
#include "inventory/edit/sources_editor.h"
#include "inventory/letter_case.h"
#include "inventory/report.h"
#include "inventory/suggest.h"

namespace overland::inventory {
namespace {

[[noreturn]] void refuse(base::ErrorKind kind, const std::string& sentence) {
  throw base::Error(kind, sentence);
}

Inventory require(Loaded loaded) {
  if (!loaded.inventory) refuse(base::ErrorKind::kInventory, "the inventory has faults");
  return std::move(*loaded.inventory);
}

class Names {
 public:
  explicit Names(const Inventory& inventory) : inventory_(inventory) {
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      index_.emplace(lower(inventory.hosts[i].name), i);
    }
  }

  [[nodiscard]] std::size_t require(const std::string& name) const {
    const auto found = index_.find(lower(name));
    if (found != index_.end()) return found->second;
    std::vector<std::string_view> known;
    for (const Host& host : inventory_.hosts) known.emplace_back(host.name);
    const std::string_view meant = nearest(name, known);
    refuse(base::ErrorKind::kUsage,
           "the inventory has no host " + quote(name) +
               (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"));
  }

 private:
  const Inventory& inventory_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// What hosts wait for; by host.
struct Wanted {
  std::vector<bool> bip, slot;

  explicit Wanted(const Inventory& inventory)
      : bip(inventory.hosts.size()), slot(inventory.hosts.size()) {}
};

/// Gives hosts bips, in the order of the files.
void give_bips(const Inventory& inventory, const std::vector<bool>& wanted, std::uint8_t length,
               SourcesEditor& editor, Edit& edit) {
  const auto count = static_cast<std::size_t>(std::count(wanted.begin(), wanted.end(), true));
  if (count == 0) return;
  SubnetPool pool(inventory, length);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    const auto bip = pool.next();
    if (!bip) {
      refuse(base::ErrorKind::kInventory,
             "the pool " + inventory.cluster.pool->to_string() + " is full: it has " +
                 std::to_string(edit.given.size()) + " of the " + std::to_string(count) +
                 " subnets of /" + std::to_string(length) +
                 " that are needed; widen [cluster] pool, give longer ones by bip_length or "
                 "--length, or remove hosts that are gone");
    }
    const auto& spot = editor.spot(i);
    editor.document(spot.document).write_bip(spot.host, *bip);
    edit.given.push_back({inventory.hosts[i].name, *bip});
  }
}

/// Gives hosts that have none slots, if any network has pieces by slot.
void give_slots(const Inventory& inventory, const std::vector<bool>& wanted, SourcesEditor& editor,
                Edit& edit) {
  SlotPool pool(inventory);
  if (!pool.wanted()) return;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i] || inventory.hosts[i].slot) continue;
    const auto slot = pool.next();
    if (!slot) {
      refuse(base::ErrorKind::kInventory,
             "no slot is left for host " + inventory.hosts[i].name +
                 ": a network's pool or range has no further piece; widen it, make its pieces "
                 "smaller, or say hosts = [ … ] there and give slots by hand");
    }
    const auto& spot = editor.spot(i);
    editor.document(spot.document).write_slot(spot.host, *slot);
    edit.slots.push_back({inventory.hosts[i].name, *slot});
  }
}

void require_writable_name(const std::string& name) {
  const auto plain = [](char c) {
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  if (!name.empty() && std::all_of(name.begin(), name.end(), plain)) return;
  refuse(base::ErrorKind::kUsage, quote(name) +
                                      " is no host name: it has letters, digits and hyphens, in "
                                      "labels with dots between them");
}

/// What the host of that name is already; nullptr where there is none.
const Host* find(const Loaded& loaded, const std::string& name) {
  if (!loaded.inventory) return nullptr;
  const auto& hosts = loaded.inventory->hosts;
  const auto found = std::find_if(hosts.begin(), hosts.end(), [&name](const Host& host) {
    return lower(host.name) == lower(name);
  });
  return found == hosts.end() ? nullptr : &*found;
}

bool says_the_same(const Host& host, const NewHost& wanted) {
  std::vector<model::Address> addresses;
  for (const HostAddress& one : host.addresses) addresses.push_back(one.address);
  const bool bip = wanted.from_pool ? host.has_bridge() : !wanted.bip || host.bip == wanted.bip;
  return addresses == wanted.addresses && bip;
}

/// The bip and slot of the host that was just added to `edit`, with "auto" for a bip where it is
/// from the pool.
void complete(Edit& edit, const NewHost& host) {
  if (!host.from_pool && !host.bip) return;
  const Sources before = edit.after;
  const Inventory inventory = require(parse(before));
  Wanted wanted(inventory);
  const std::size_t added = Names(inventory).require(host.name);
  wanted.bip[added] = host.from_pool;
  wanted.slot[added] = true;
  SourcesEditor editor(before, inventory);
  give_bips(inventory, wanted.bip, host.length.value_or(inventory.cluster.bip_length), editor,
            edit);
  give_slots(inventory, wanted.slot, editor, edit);
  edit.after = editor.finish();
}

}  // namespace

Edit assign(const Sources& before, const AssignRequest& request) {
  const Inventory inventory = require(parse_to_assign(before));
  const Names names(inventory);
  Edit result{before};
  Wanted wanted(inventory);
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const Host& host = inventory.hosts[i];
    wanted.bip[i] = host.auto_bip || (request.all && !host.bip && !host.router);
    wanted.slot[i] = host.needs_slot || wanted.bip[i] || (request.all && host.has_bridge());
  }
  for (const std::string& name : request.hosts) {
    const std::size_t index = names.require(name);
    const Host& host = inventory.hosts[index];
    wanted.slot[index] = true;
    if (host.bip) {
      result.had.push_back({host.name, *host.bip});
    } else {
      wanted.bip[index] = true;
    }
  }
  SourcesEditor editor(before, inventory);
  give_bips(inventory, wanted.bip, request.length.value_or(inventory.cluster.bip_length), editor,
            result);
  give_slots(inventory, wanted.slot, editor, result);
  if (result.given.empty() && result.slots.empty()) return result;
  result.generation = editor.main().raise_generation();
  result.after = editor.finish();
  return result;
}

Edit add_host(const Sources& before, const NewHost& host) {
  require_writable_name(host.name);
  Edit result{before};
  const Loaded loaded = parse(before);
  if (const Host* const there = find(loaded, host.name)) {
    if (!says_the_same(*there, host)) {
      refuse(base::ErrorKind::kUsage,
             "the inventory has a host " + there->name + " in " +
                 Places(before).line(there->position) +
                 " with another address or bip; change it by hand, or remove it first");
    }
    if (there->bip) result.had.push_back({there->name, *there->bip});
    return result;
  }
  const Inventory none;
  SourcesEditor editor(before, loaded.inventory ? *loaded.inventory : none);
  const auto bip = host.bip         ? std::optional(host.bip->to_string())
                   : host.from_pool ? std::optional<std::string>("auto")
                                    : std::nullopt;
  editor.main().append_host(host.name, host.addresses, bip);
  result.generation = editor.main().raise_generation();
  result.after = editor.finish();
  if (host.bip) result.given.push_back({host.name, *host.bip});
  complete(result, host);
  return result;
}

Edit remove_host(const Sources& before, const std::string& name) {
  const Inventory inventory = require(parse(before));
  SourcesEditor editor(before, inventory);
  const auto spot = editor.spot(Names(inventory).require(name));
  const Cut cut = editor.document(spot.document).cut_host(spot.host);
  Edit result{before};
  result.generation = editor.main().raise_generation();
  result.after = editor.finish();
  result.fragment = Places(before).name(spot.document);
  for (Fragment& fragment : result.after.fragments) {
    if (fragment.text.empty()) fragment.text = "\n";  // one without a byte looks cut off
  }
  result.first_line = cut.first_line;
  result.last_line = cut.last_line;
  result.comment_line = cut.comment_line;
  return result;
}

}  // namespace overland::inventory
