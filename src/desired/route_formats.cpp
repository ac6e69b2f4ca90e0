#include "desired/route_formats.h"

namespace overland::desired {
namespace {

std::string title(const ThirdPartyRoute& route) {
  return route.host.empty() ? "a segment" : route.host;
}

/// Each of `gateways` between `before` and `after`.
std::string each(const std::vector<model::Address>& gateways, const std::string& before,
                 const std::string& after = "") {
  std::string result;
  for (const auto& gateway : gateways) result += before + gateway.to_string() + after;
  return result;
}

}  // namespace

std::string format_iproute(const std::vector<ThirdPartyRoute>& routes) {
  std::string result;
  for (const auto& route : routes) {
    const bool several = route.gateways.size() > 1;
    result += "route replace " + route.destination.to_string() + " proto static" +
              each(route.gateways, several ? " nexthop via " : " via ") +
              (route.link.empty() ? "" : " dev " + route.link + " onlink") + "  # " + title(route) +
              "\n";
  }
  return result;
}

std::string format_networkd(const std::vector<ThirdPartyRoute>& routes) {
  std::string result;
  for (const auto& route : routes) {
    const bool several = route.gateways.size() > 1;
    result += (result.empty() ? "# " : "\n# ") + title(route) +
              "\n[Route]\nDestination=" + route.destination.to_string() + "\n" +
              each(route.gateways, several ? "MultiPathRoute=" : "Gateway=", "\n") +
              (route.link.empty() ? "" : "GatewayOnLink=yes\n");
  }
  return result;
}

std::string format_frr(const std::vector<ThirdPartyRoute>& routes) {
  std::string result;
  for (const auto& route : routes) {
    result += "! " + title(route) + "\n" +
              each(route.gateways, "ip route " + route.destination.to_string() + " ",
                   (route.link.empty() ? "" : " " + route.link + " onlink") + "\n");
  }
  return result;
}

std::string format_bird(const std::vector<ThirdPartyRoute>& routes) {
  std::string result = "protocol static overland {\n  ipv4;\n";
  for (const auto& route : routes) {
    result += "  route " + route.destination.to_string() + each(route.gateways, " via ") +
              (route.link.empty() ? "" : " dev \"" + route.link + "\" onlink") + ";  # " +
              title(route) + "\n";
  }
  return result + "}\n";
}

}  // namespace overland::desired
