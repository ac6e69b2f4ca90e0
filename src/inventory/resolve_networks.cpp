// Which hosts a [[network]] is on, and what is theirs of it.

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "inventory/host_index.h"
#include "inventory/validate.h"

namespace overland::inventory {
namespace {

struct Member {
  std::size_t host;
  Position at;
  std::optional<model::Prefix> given;  // else its piece, by slot
};

/// The first two hosts that are routers in a segment.
struct Routers {
  std::optional<std::size_t> first, second;
};

class Resolver {
 public:
  Resolver(Draft& draft, Report& report)
      : draft_(draft), hosts_(draft.inventory.hosts), report_(report), names_(draft) {
    routers_.resize(draft.segments.size());
    std::unordered_set<std::uint32_t> slots;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      note_router(i);
      own_slot_.push_back(hosts_[i].slot && slots.insert(*hosts_[i].slot).second);
    }
  }

  void run() {
    for (std::size_t i = 0; i < draft_.networks.size(); ++i) {
      if (draft_.networks[i].complete) {
        resolve(i);
      } else if (draft_.networks[i].parts) {
        named(i);  // for its own faults
      }
    }
  }

 private:
  void note_router(std::size_t host) {
    if (!hosts_[host].router) return;
    for (const HostAddress& address : hosts_[host].addresses) {
      if (address.segment == kNoSegment) continue;
      Routers& routers = routers_[address.segment];
      if (!routers.first) {
        routers.first = host;
      } else if (!routers.second && routers.first != host) {
        routers.second = host;
      }
    }
  }

  [[nodiscard]] std::string name(std::size_t network) const {
    return network_label(draft_, network);
  }

  void resolve(std::size_t index) {
    const Network& network = draft_.inventory.networks[index];
    NetworkPlaces& places = draft_.networks[index];
    if (!network.has_own_subnets()) {
      if (network.segment && !places.subnet) {
        const Segment& segment = draft_.inventory.segments[*network.segment];
        if (segment.subnet.length() == 0) return;  // could not be read
        places.subnet = segment.subnet;
      }
      if (!places.subnet) return;
    }
    auto members = places.parts ? named(index) : all_fit(index);
    if (members.empty()) {
      if (!names_.complete() || (places.parts && !places.parts->empty())) return;
      report_.add(Code::kNetworkNowhere, places.name, name(index) + " is on no host",
                  "give hosts with a bip a slot, or name them in hosts");
    }
    carve(index, members);
    const auto shims = said_shims(index, members);
    for (const Member& member : members) {
      if (member.given) place(index, member, shims);
    }
  }

  std::optional<std::size_t> find(const HostPart& part, std::size_t network) {
    const auto found = names_.find(part.host);
    if (!found && names_.complete()) {
      report_.add(Code::kNetworkHost, part.at,
                  name(network) + " names " + quote(part.host) + ", which is no host",
                  names_.remedy(part.host));
    }
    return found;
  }

  std::vector<Member> named(std::size_t index) {
    std::vector<Member> members;
    for (const HostPart& part : *draft_.networks[index].parts) {
      const auto host = find(part, index);
      if (!host || !has_link(index, *host, part.at)) continue;
      members.push_back({*host, part.at, part.prefix});
    }
    std::ranges::stable_sort(members, {}, &Member::host);
    for (std::size_t i = 1; i < members.size(); ++i) {
      if (members[i - 1].host != members[i].host) continue;
      report_.add(Code::kNetworkHost, members[i].at,
                  name(index) + " names " + label(draft_, members[i].host) + " twice",
                  "name each host once");
    }
    const auto same = [](const Member& a, const Member& b) { return a.host == b.host; };
    members.erase(std::unique(members.begin(), members.end(), same), members.end());
    return members;
  }

  std::vector<Member> all_fit(std::size_t index) {
    std::vector<Member> members;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      if (hosts_[i].bip && hosts_[i].slot && link_into(index, i)) {
        members.push_back({i, draft_.hosts[i].slot, {}});
      }
    }
    return members;
  }

  /// Whether the host has, or can be given, a link into the network's segment.
  [[nodiscard]] bool link_into(std::size_t index, std::size_t host) const {
    const auto& segment = draft_.inventory.networks[index].segment;
    if (!segment || hosts_[host].address_in(*segment) != nullptr) return true;
    if (draft_.inventory.networks[index].is_routed_ipvlan()) return false;  // peers send to it
    return draft_.inventory.segments[*segment].vlan && !hosts_[host].parent.empty();
  }

  bool has_link(std::size_t index, std::size_t host, Position at) {
    if (link_into(index, host)) return true;
    const std::size_t segment = *draft_.inventory.networks[index].segment;
    // What could not be read may be what leads there.
    if (!draft_.hosts[host].complete || !draft_.segments[segment].vlan_known) return false;
    const bool routed = draft_.inventory.networks[index].is_routed_ipvlan();
    report_.add(Code::kNoParent, at,
                label(draft_, host) + (routed ? " has no address in " : " has no link into ") +
                    segment_label(draft_, segment) + " for " + name(index),
                routed ? "give it an address there, which others send to"
                       : "give it an address there; in a VLAN a parent is enough");
    return false;
  }

  /// Gives each member its piece; those that have none go.
  void carve(std::size_t index, std::vector<Member>& members) {
    const NetworkPlaces& places = draft_.networks[index];
    if (!places.base_prefix) return;
    const int bits = places.length - places.base_prefix->length();
    const std::uint64_t pieces = std::uint64_t{1} << static_cast<unsigned>(bits);
    draft_.inventory.networks[index].slots = pieces;
    const Member* past = nullptr;
    for (Member& member : members) {
      const auto& slot = hosts_[member.host].slot;
      if (!slot) {
        report_no_slot(index, member);
      } else if (!own_slot_[member.host]) {
        continue;
      } else if (*slot >= pieces) {
        if (past == nullptr || *slot > *hosts_[past->host].slot) past = &member;
      } else {
        const std::uint32_t step = *slot << (32U - places.length);
        const auto network = places.base_prefix->network().ipv4() + step;
        member.given = model::Prefix(model::Address::from_ipv4(network), places.length);
      }
    }
    if (past != nullptr) report_past_end(index, *past, pieces);
    std::erase_if(members, [](const Member& member) { return !member.given; });
  }

  void report_no_slot(std::size_t index, const Member& member) {
    if (!draft_.hosts[member.host].slot_known) return;
    hosts_[member.host].needs_slot = true;
    report_.add(Code::kNoSlot, member.at,
                label(draft_, member.host) + " of " + name(index) + " has no slot",
                "run `overland assign`, or add slot = … to the host, a number no other host has");
  }

  /// Once a network: the largest slot says how much is needed.
  void report_past_end(std::size_t index, const Member& member, std::uint64_t pieces) {
    const NetworkPlaces& places = draft_.networks[index];
    report_.add(Code::kSlotPastEnd, places.base,
                places.base_prefix->to_string() + " has " + std::to_string(pieces) +
                    (pieces == 1 ? " piece" : " pieces") + " of /" + std::to_string(places.length) +
                    "; slot " + std::to_string(*hosts_[member.host].slot) + " of " +
                    label(draft_, member.host) + " lies past the end",
                "widen it, make the pieces smaller, or say hosts = [ … ]");
  }

  using Shims = std::unordered_map<std::size_t, const HostPart*>;

  Shims said_shims(std::size_t index, const std::vector<Member>& members) {
    Shims shims;
    for (const HostPart& part : draft_.networks[index].shims) {
      const auto host = find(part, index);
      if (!host) continue;
      const auto member = std::ranges::lower_bound(members, *host, {}, &Member::host);
      if (member == members.end() || member->host != *host) {
        report_.add(Code::kShimAddress, part.at,
                    name(index) + " has no range on " + label(draft_, *host) + " for a shim",
                    "give it a range, or remove the shim's address");
      } else if (!shims.emplace(*host, &part).second) {
        report_.add(Code::kNetworkHost, part.at,
                    name(index) + " names " + label(draft_, *host) + " twice",
                    "name each host once");
      }
    }
    return shims;
  }

  void place(std::size_t index, const Member& member, const Shims& shims) {
    const Network& network = draft_.inventory.networks[index];
    const NetworkPlaces& places = draft_.networks[index];
    HostNetwork part;
    part.network = index;
    if (network.has_own_subnets()) {
      part.subnet = *member.given;
      // Docker keeps an address for one, also where it has no use for it.
      if (network.is_routed_ipvlan()) part.gateway = shim(network, member, part, shims);
      if (network.shim) part.shim = part.gateway;
      if (!network.internal) part.routed = part.subnet;
    } else {
      part.subnet = *places.subnet;
      part.range = member.given;
      part.gateway = gateway(network, places, member.host);
      if (network.shim) part.shim = shim(network, member, part, shims);
      if (network.gateway == Gateway::kShim) {
        part.gateway = part.shim;
        if (!network.internal) part.routed = part.range;
      }
    }
    auto& networks = hosts_[member.host].networks;
    if (!networks) networks = std::vector<HostNetwork>();
    const auto said = shims.find(member.host);
    draft_.pieces.push_back({*member.given, places.base_prefix ? places.base : member.at, index,
                             member.host, networks->size(),
                             said == shims.end() ? std::nullopt : std::optional(said->second->at)});
    networks->push_back(part);
  }

  [[nodiscard]] std::optional<model::Address> gateway(const Network& network,
                                                      const NetworkPlaces& places,
                                                      std::size_t host) const {
    if (network.gateway == Gateway::kAddress) return places.gateway_address;
    if (network.gateway != Gateway::kRouter || !network.segment) return std::nullopt;
    if (draft_.inventory.segments[*network.segment].subnet != places.subnet) return std::nullopt;
    const Routers& routers = routers_[*network.segment];
    const auto router = routers.first == host ? routers.second : routers.first;
    if (!router) return std::nullopt;
    return *hosts_[*router].address_in(*network.segment);
  }

  /// As the file says, else the first address of its range that is nobody's.
  static std::optional<model::Address> shim(const Network& network, const Member& member,
                                            const HostNetwork& part, const Shims& shims) {
    if (const auto said = shims.find(member.host); said != shims.end()) {
      return said->second->address;
    }
    const std::uint32_t last = member.given->last().ipv4();
    for (std::uint32_t number = member.given->network().ipv4(); number <= last; ++number) {
      const auto address = model::Address::from_ipv4(number);
      const bool taken = part.subnet.has_edge(address) || address == part.gateway;
      if (!taken && !std::ranges::binary_search(network.reserve, address)) return address;
    }
    return std::nullopt;
  }

  Draft& draft_;
  std::vector<Host>& hosts_;
  Report& report_;
  HostIndex names_;
  std::vector<Routers> routers_;  // by segment
  std::vector<bool> own_slot_;    // by host: has one that no host before it has
};

}  // namespace

void resolve_networks(Draft& draft, Report& report) {
  if (draft.networks.empty()) return;
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    auto& reserve = draft.inventory.networks[i].reserve;
    for (const auto& [address, at] : draft.networks[i].reserve) reserve.push_back(address);
    std::sort(reserve.begin(), reserve.end());
    reserve.erase(std::unique(reserve.begin(), reserve.end()), reserve.end());
  }
  Resolver(draft, report).run();
}

}  // namespace overland::inventory
