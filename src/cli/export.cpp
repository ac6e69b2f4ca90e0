// The verb export: the routes of a machine overland does not run on.

#include <spdlog/spdlog.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/exit_code.h"
#include "cli/plan_json.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "desired/path.h"
#include "desired/route_formats.h"

namespace overland::cli {
namespace {

constexpr std::size_t kMostNames = 10;

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

po::options_description export_options() {
  auto options = inventory_options(
      "the shared inventory; - is standard input; may be given without the option");
  options.add_options()("for", po::value<std::string>(),
                        "a host of the inventory, as if overland did it there")(
      "for-gateway", po::value<std::vector<std::string>>()->composing(),
      "a machine in a segment, by its address or the segment's name; of one in several each")(
      "for-any", po::bool_switch(),
      "one that reaches every host by itself: a cloud's route table, a router to all segments")(
      "format", po::value<std::string>()->default_value("iproute"),
      "iproute (for ip -batch), networkd, frr, bird or json");
  return options;
}

desired::ThirdParty routes_of(const inventory::Inventory& inventory,
                              const po::variables_map& values) {
  const bool any = values["for-any"].as<bool>();
  if (values.count("for") + values.count("for-gateway") + (any ? 1 : 0) != 1) {
    refuse("export takes one of --for HOST, --for-gateway ADDRESS or SEGMENT, and --for-any");
  }
  if (any) return desired::routes_for_any(inventory);
  if (values.count("for") != 0) {
    const auto end = desired::find_endpoint(inventory, values["for"].as<std::string>());
    if (end.kind != desired::Endpoint::Kind::kHost) refuse("--for takes a host, not a container");
    return desired::routes_for_host(inventory, inventory.hosts[end.host]);
  }
  std::vector<std::size_t> segments;
  for (const auto& text : values["for-gateway"].as<std::vector<std::string>>()) {
    segments.push_back(desired::find_segment(inventory, text));
  }
  return desired::routes_for_gateway(inventory, segments);
}

std::string routes_json(const desired::ThirdParty& found) {
  nlohmann::ordered_json routes = nlohmann::ordered_json::array();
  for (const auto& route : found.routes) {
    nlohmann::ordered_json one = {{"destination", route.destination.to_string()}};
    if (!route.host.empty()) one["host"] = route.host;
    one["gateways"] = nlohmann::ordered_json::array();
    for (const auto& gateway : route.gateways) one["gateways"].push_back(gateway.to_string());
    if (!route.link.empty()) one["link"] = route.link;
    routes.push_back(std::move(one));
  }
  return printed(nlohmann::ordered_json{{"schema_version", kSchemaVersion},
                                        {"routes", std::move(routes)},
                                        {"unreached", found.unreached}});
}

std::string rendered(const desired::ThirdParty& found, const std::string& format) {
  if (format == "json") return routes_json(found);
  if (format == "networkd") return desired::format_networkd(found.routes);
  if (format == "frr") return desired::format_frr(found.routes);
  if (format == "bird") return desired::format_bird(found.routes);
  if (format == "iproute") return desired::format_iproute(found.routes);
  refuse("--format takes iproute, networkd, frr, bird or json");
}

void warn_of(const std::vector<std::string>& unreached) {
  if (unreached.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < unreached.size() && i < kMostNames; ++i) {
    names += (i == 0 ? "" : ", ") + unreached[i];
  }
  if (unreached.size() > kMostNames) {
    names += " and " + std::to_string(unreached.size() - kMostNames) + " more";
  }
  spdlog::warn("no router of the inventory leads from there to {}: no route is exported", names);
}

}  // namespace

int export_routes(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "export [OPTIONS] [FILE]", export_options(), "inventory");
  if (!values) return kOk;
  const auto& file = (*values)["inventory"].as<std::string>();
  const auto inventory = load_inventory(file, fragments_of(file, *values));
  const auto found = routes_of(inventory, *values);
  std::cout << rendered(found, (*values)["format"].as<std::string>());
  warn_of(found.unreached);
  return kOk;
}

}  // namespace overland::cli
