#include "init/layout.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/printable.h"
#include "init/layout_parts.h"

namespace overland::init {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// For a sentence: at most so much of what somebody else wrote.
std::string shown(const std::string& text) { return "\"" + base::shorten(text, 60) + "\""; }

std::string label(const Found& found) {
  return found.asked.empty() ? "this host" : base::shorten(found.asked, 60);
}

void take_hosts(const std::vector<Found>& found, Layout& layout) {
  std::set<std::string> names;
  for (const Found& one : found) {
    if (!is_host_name(one.name)) {
      layout.left_out.push_back(
          label(one) + " calls itself " + shown(one.name) +
          ", which is no host name: give it one (hostnamectl), and ask again");
    } else if (!names.insert(lower(one.name)).second) {
      layout.left_out.push_back(label(one) + " has the name of another host, " + one.name +
                                ": give it one of its own, and ask again");
    } else {
      LaidHost host;
      host.found = &one;
      host.name = one.name;
      host.bip = one.bip;
      if (!one.docker) host.bip.reset();
      layout.hosts.push_back(std::move(host));
    }
  }
}

bool has(const LaidHost& host, const model::Address& address) {
  return std::find(host.addresses.begin(), host.addresses.end(), address) != host.addresses.end();
}

/// Of a destination that is not this host's own: by which of the others it is sent there today.
const LaidHost* sends_by(const Layout& layout, const LaidHost& from, const FoundRoute& route) {
  if (!route.gateway || route.destination.length() == 0) return nullptr;
  for (const LaidHost& host : layout.hosts) {
    if (&host != &from && has(host, *route.gateway)) return &host;
  }
  return nullptr;
}

/// Those that others send by, to what is neither theirs nor behind them alone.
void guess_routers(Layout& layout) {
  for (const LaidHost& from : layout.hosts) {
    for (const FoundRoute& route : from.found->routes) {
      const LaidHost* const by = sends_by(layout, from, route);
      if (by == nullptr || by->addresses.size() < 2) continue;
      if (by->found->bip && by->found->bip->prefix().overlaps(route.destination)) continue;
      LaidHost& router = layout.hosts[static_cast<std::size_t>(by - layout.hosts.data())];
      if (router.router) continue;
      router.router = true;
      router.remarks.push_back("a router, since " + from.name + " has a route to " +
                               route.destination.to_string() + " by it");
    }
  }
}

void remark_routes(Layout& layout) {
  std::map<model::Prefix, std::string> unknown;
  bool recipe = false;
  for (const LaidHost& from : layout.hosts) {
    for (const FoundRoute& route : from.found->routes) {
      if (route.kernels || !route.gateway || route.destination.length() == 0) continue;
      const LaidHost* const by = sends_by(layout, from, route);
      const auto to = std::find_if(layout.hosts.begin(), layout.hosts.end(), [&](const auto& host) {
        return host.bip && host.bip->prefix() == route.destination;
      });
      recipe = recipe || (by != nullptr && to != layout.hosts.end());
      if (by == nullptr && to == layout.hosts.end()) {
        unknown.emplace(route.destination, "a route of " + from.name + " leads to " +
                                               route.destination.to_string() + " by " +
                                               route.gateway->to_string());
      }
    }
  }
  if (recipe) {
    layout.remarks.emplace_back(
        "Static routes lead to containers here: the published recipe. They stay in force until "
        "`overland apply --adopt` takes their place; then remove what sets them at boot.");
  }
  for (const auto& [destination, sentence] : unknown) {
    layout.remarks.push_back(sentence + ": a host that was not asked? Then add it, with that bip.");
  }
}

void remark_hosts(Layout& layout) {
  for (LaidHost& host : layout.hosts) {
    const Found& found = *host.found;
    for (const std::string& one : found.leftovers) host.remarks.push_back(one);
    for (const std::string& one : found.unknown) host.remarks.push_back(one);
    for (const FoundLink& link : found.links) {
      if (!link.vlan || link.addresses.empty()) continue;
      host.remarks.push_back("VLAN " + std::to_string(*link.vlan) + " is " + shown(link.name) +
                             " on " + shown(link.parent) +
                             ", made by somebody else; overland makes such links where the segment "
                             "says vlan, and the host parent");
    }
  }
}

}  // namespace

bool is_host_name(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string label = name.substr(begin, end - begin);
    const auto legal = [](char c) { return is_alphanumeric(c) || c == '-'; };
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
        !std::all_of(label.begin(), label.end(), legal)) {
      return false;
    }
    begin = end + 1;
  }
  return lower(name.substr(0, name.find('.'))) != "localhost";
}

bool is_network_name(const std::string& name) {
  const auto legal = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 63 && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), legal) && name != "default" && name != "ingress" &&
         name != "docker_gwbridge" && name != "docker0" && name != "host" && name != "none" &&
         name != "bridge";
}

bool is_routed(const Layout& layout, const LaidHost& host, const model::Prefix& subnet) {
  return std::any_of(layout.hosts.begin(), layout.hosts.end(), [&](const LaidHost& other) {
    return &other != &host && std::any_of(other.found->routes.begin(), other.found->routes.end(),
                                          [&](const FoundRoute& route) {
                                            return route.gateway && has(host, *route.gateway) &&
                                                   route.destination.length() > 0 &&
                                                   route.destination.contains(subnet);
                                          });
  });
}

Layout lay_out(const std::vector<Found>& found, const std::optional<model::Prefix>& pool) {
  Layout layout;
  take_hosts(found, layout);
  lay_out_segments(layout);
  const auto lost = std::stable_partition(layout.hosts.begin(), layout.hosts.end(),
                                          [](const auto& host) { return !host.addresses.empty(); });
  for (auto host = lost; host != layout.hosts.end(); ++host) {
    layout.left_out.push_back(host->name + " has no address that could be of the underlay");
  }
  layout.hosts.erase(lost, layout.hosts.end());
  lay_out_bips(layout, pool);
  lay_out_networks(layout);
  guess_routers(layout);
  remark_routes(layout);
  remark_hosts(layout);
  return layout;
}

}  // namespace overland::init
