#include "probe/stand.h"

#include <poll.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/error.h"
#include "probe/ports.h"
#include "probe/space.h"
#include "probe/wire.h"

namespace overland::probe {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// The end of the pair in this namespace; one at a time, which the probe's lock sees to.
constexpr const char* kPlug = "overland-probe";
constexpr const char* kInner = "eth0";
constexpr std::size_t kMostFree = 8;
/// Neighbours on one bridge answer in microseconds; a busy machine takes its time.
constexpr milliseconds kArpPatience(60);
/// A killed probe's link was seen to go after 0.7 s.
constexpr milliseconds kPlugPatience(3000);
constexpr milliseconds kUpPatience(1000);

/// Always the same for an address: with a new one each time the bridge goes on sending to the old
/// one's port. `first`: locally administered.
Mac mac_of(std::uint8_t first, const model::Address& address) {
  Mac mac = {first, 0x0b};
  std::ranges::copy(address.bytes(), &mac[2]);
  return mac;
}

template <typename Done>
bool await(milliseconds patience, Done done) {
  const auto end = Clock::now() + patience;
  while (!done()) {
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

/// The first of `candidates` that nobody on the bridge answers to.
std::optional<model::Address> first_silent(const Port& bridge,
                                           const std::vector<model::Address>& candidates) {
  ArpSocket socket(bridge.index, bridge.mac);
  for (const auto& candidate : candidates) socket.ask(candidate, model::Address());
  std::set<model::Address> answered;
  const auto end = Clock::now() + kArpPatience;
  for (auto left = kArpPatience; left.count() > 0;
       left = std::chrono::ceil<milliseconds>(end - Clock::now())) {
    pollfd one = {socket.fd(), POLLIN, 0};
    ::poll(&one, 1, static_cast<int>(left.count()));
    socket.receive([&](const model::Address& who) { answered.insert(who); });
  }
  const auto found = std::ranges::find_if(
      candidates, [&](const auto& candidate) { return answered.count(candidate) == 0; });
  return found == candidates.end() ? std::nullopt : std::optional(*found);
}

/// Whether the other end of one of the bridge's ports is in `space`, with this address; its MTU.
std::optional<std::uint32_t> plugged_mtu(const Port& bridge, const std::vector<Port>& all,
                                         const base::UniqueFd& space, const model::Address& address,
                                         const model::Address& some) {
  const auto id = space_id(space.get());
  if (!id) return std::nullopt;
  const auto port = std::ranges::find_if(all, [&](const Port& one) {
    return one.master == bridge.index && one.space == id && one.passes;
  });
  if (port == all.end()) return std::nullopt;
  return in_space(space, [&]() -> std::optional<std::uint32_t> {
    const auto own = own_addresses();
    const bool has =
        std::ranges::any_of(own, [&](const auto& one) { return one.address.address == address; });
    const auto way = look_up({address, ""}, {some}).front();
    if (!has || way.error != 0) return std::nullopt;
    for (const Port& inner : ports()) {
      // One that is in other networks too may send by those.
      if (inner.index == port->other && inner.up && inner.name == way.link) return inner.mtu;
    }
    return std::nullopt;
  });
}

/// A bridge nobody gave a hardware address has the lowest of its ports': with its own for our port
/// it keeps it. Where its last port went it has none.
Plug plug_of(const Port& bridge, const model::Address& address, const base::UniqueFd& space) {
  return {kPlug,
          bridge.index,
          kInner,
          space.get(),
          bridge.mac == Mac{} ? mac_of(0xfe, address) : bridge.mac,
          mac_of(0x02, address),
          bridge.mtu};
}

}  // namespace

std::vector<model::Address> free_addresses(const model::InterfaceAddress& bridge,
                                           const BridgeUse& use) {
  const model::Prefix subnet = bridge.prefix();
  if (subnet.length() > 30) return {};
  const bool ranged = use.range && *use.range != subnet;
  std::set<model::Address> taken(use.taken.begin(), use.taken.end());
  taken.insert(bridge.address);
  std::vector<model::Address> outside;
  std::vector<model::Address> within;
  // A large subnet is full neither here nor there.
  constexpr std::uint32_t kFarEnough = 65536;
  std::uint32_t looked = 0;
  for (std::uint32_t i = subnet.last().ipv4() - 1;
       i > subnet.network().ipv4() && looked < kFarEnough; --i, ++looked) {
    const auto address = model::Address::from_ipv4(i);
    if (taken.count(address) != 0) continue;
    auto& list = ranged && use.range->contains(address) ? within : outside;
    if (list.size() < kMostFree) list.push_back(address);
    if (outside.size() == kMostFree) break;
  }
  return outside.empty() ? within : outside;
}

std::optional<Stand> in_container(const model::LinkFacts& bridge, const BridgeUse& use,
                                  const model::Address& some) {
  const auto all = ports();  // which gives the namespaces behind them their ids
  const auto port =
      std::ranges::find_if(all, [&](const Port& one) { return one.name == bridge.name; });
  if (port == all.end()) return std::nullopt;
  for (const auto& container : use.running) {
    try {
      Stand stand;
      stand.space = space_of(container.pid);
      const auto mtu = plugged_mtu(*port, all, stand.space, container.address, some);
      if (!mtu) continue;
      stand.kind = Stand::Kind::kContainer;
      stand.container = container.name;
      stand.sender = {container.address, bridge.name};
      stand.mtu = *mtu;
      return stand;
    } catch (const base::Error& error) {
      // It may have ended meanwhile: the next one will do.
      if (error.kind() == base::ErrorKind::kPrivilege) throw;
    }
  }
  return std::nullopt;
}

Stand in_own_space(const model::LinkFacts& bridge, const model::InterfaceAddress& address,
                   const BridgeUse& use) {
  const auto port = find_port(bridge.name);
  if (!port) throw base::Error(base::ErrorKind::kFailure, "bridge " + bridge.name + " is gone");
  const auto own = first_silent(*port, free_addresses(address, use));
  if (!own) {
    throw base::Error(base::ErrorKind::kFailure,
                      "no address is free in " + address.prefix().to_string() +
                          " to probe from; start a container, whose own will do");
  }
  Stand stand;
  stand.kind = Stand::Kind::kOwn;
  stand.sender = {*own, bridge.name};
  stand.mtu = port->mtu;
  stand.space = make_space();
  const Plug plug = plug_of(*port, *own, stand.space);
  if (!await(kPlugPatience, [&] { return plug_in(plug); })) {
    throw base::Error(base::ErrorKind::kFailure, std::string("there is a link ") + kPlug +
                                                     " already, and it does not go; remedy: ip "
                                                     "link delete " +
                                                     kPlug);
  }
  stand.plugged = std::shared_ptr<void>(nullptr, [](void*) {
    try {
      unplug(kPlug);
    } catch (const base::Error&) {
      // It goes with its namespace, a little later.
    }
  });
  in_space(stand.space, [&] {
    set_up(kInner, {*own, address.length}, address.address);
    return true;
  });
  const auto passes = [](const char* name) {
    const auto one = find_port(name);
    return one && one->passes;
  };
  if (!await(kUpPatience, [&] { return passes(kPlug); })) {
    throw base::Error(base::ErrorKind::kFailure,
                      std::string("link ") + kPlug + " does not come up on " + bridge.name);
  }
  // Of a hand-made one the state may never be told.
  await(milliseconds(100), [&] { return passes(bridge.name.c_str()); });
  return stand;
}

Stand on_host(const model::Address& source, const model::LinkFacts& link) {
  Stand stand;
  stand.sender = {source, ""};
  stand.mtu = link.mtu;
  return stand;
}

}  // namespace overland::probe
