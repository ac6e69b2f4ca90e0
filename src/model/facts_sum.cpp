#include "model/facts_sum.h"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

namespace overland::model {
namespace {

class Sum {
 public:
  explicit Sum(base::Digest& to) : to_(to) {}

  template <typename... Values>
  void operator()(const Values&... values) {
    (one(values), ...);
  }

 private:
  void one(const std::string& text) { to_.add(text); }
  template <std::unsigned_integral Number>
  void one(Number number) {
    to_.add(std::uint64_t{number});
  }
  void one(const Address& address) { to_.add(address.bytes()); }
  void one(const Prefix& prefix) { (*this)(prefix.network(), prefix.length()); }
  void one(const InterfaceAddress& address) { (*this)(address.address, address.length); }
  void one(const Finding& finding) {
    (*this)(static_cast<std::uint8_t>(finding.severity), finding.resource, finding.message,
            finding.remedy);
  }
  // Every member by name, so that none that is added later can be forgotten here.
  void one(const Network& network) {
    const auto& [name, driver, maker, subnet, range, gateway, reserved, link, parent, mode,
                 internal, options] = network;
    (*this)(name, static_cast<std::uint8_t>(driver), static_cast<std::uint8_t>(maker), subnet,
            range, gateway, reserved, link, parent, mode, internal, std::uint64_t{options.size()});
    for (const auto& [key, value] : options) (*this)(key, value);
  }
  void one(const DockerNetwork& network) {
    const auto& [name, link, subnets, open_from, id, driver, ours, members, parent] = network;
    (*this)(name, link, subnets, open_from, id, driver, ours, parent);
  }
  void one(const LinkFacts& link) {
    const auto& [name, up, carrier, bridge, wired, mtu, vlan, parent, ours, addresses, rp_filter,
                 forwards, ipvlan, vxlan] = link;
    (*this)(name, up, carrier, bridge, wired, mtu, vlan, parent, ours, addresses, ipvlan, vxlan);
  }
  void one(const Vxlan& tunnel) {
    const auto& [vni, port, local, mtu, as_we_make_it] = tunnel;
    (*this)(vni, port, local, mtu, as_we_make_it);
  }
  template <typename Value>
  void one(const std::optional<Value>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }
  template <typename Value>
  void one(const std::vector<Value>& values) {
    (*this)(std::uint64_t{values.size()});
    for (const auto& value : values) (*this)(value);
  }

  base::Digest& to_;
};

}  // namespace

void add(const std::vector<LinkFacts>& links, base::Digest& sum) {
  Sum to(sum);
  to(std::uint64_t{links.size()});
  for (const auto& link : links) to(link);
}

void add(const DockerFacts& docker, base::Digest& sum) {
  const auto& [installed, running, instance, version, flags, live_restore, address_pools,
               networks_known, networks, firewall_backend, drops_forwarded, direct_routing,
               configured_backend, retired, unknown] = docker;
  Sum to(sum);
  to(installed, running, instance, version, flags, live_restore, address_pools, networks_known,
     networks, firewall_backend, drops_forwarded, configured_backend, retired, unknown);
}

}  // namespace overland::model
