// What a probe found, for programs: config/schema/probe.json says what each field means.

#include <nlohmann/json.hpp>

#include "cli/plan_json.h"
#include "cli/probe_report.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json address(const std::optional<model::Address>& value) {
  return value ? Json(value->to_string()) : Json();
}

Json tcp(probe::Connected state) {
  switch (state) {
    case probe::Connected::kNotAsked:
      return {};
    case probe::Connected::kOpen:
      return "open";
    case probe::Connected::kRefused:
      return "closed";
    case probe::Connected::kSilent:
      return "no";
  }
  return {};
}

Json networks_json(const ProbedPeer& peer) {
  Json networks = Json::array();
  for (std::size_t i = 0; i < peer.networks.size(); ++i) {
    const auto& network = peer.networks[i];
    networks.push_back({{"name", network.name},
                        {"subnet", network.led.to_string()},
                        {"address", address(network.at)},
                        {"state", word(peer.verdict.networks[i])},
                        {"why", network.unasked}});
  }
  return networks;
}

Json peer_json(const ProbedPeer& peer, const std::string& source) {
  const auto& verdict = peer.verdict;
  Json faults = Json::array();
  for (const auto& fault : verdict.faults) {
    faults.push_back({{"where", word(fault.place)}, {"message", fault.message}});
  }
  Json entry = {{"name", peer.name},
                {"asked", peer.asked.empty() ? Json() : Json(peer.asked)},
                {"addresses", peer.addresses},
                {"subnets", peer.subnets},
                {"next_hop", peer.next_hop},
                {"link", peer.link},
                {"reached", verdict.reached},
                {"host", word(verdict.host)},
                {"bridge", word(verdict.bridge)},
                {"containers", word(verdict.containers)}};
  entry["networks"] = networks_json(peer);
  entry["container"] = address(verdict.container);
  entry["source"] = address(verdict.source);
  entry["source_kept"] = verdict.source ? Json(verdict.source->to_string() == source) : Json();
  entry["mtu"] = or_null(verdict.mtu);
  entry["mtu_shrunk"] = verdict.mtu_shrunk;
  entry["round_trip_seconds"] =
      verdict.round_trip ? Json(static_cast<double>(verdict.round_trip->count()) / 1e6) : Json();
  entry["inbound"] = or_null(verdict.inbound);
  entry["tcp"] = tcp(verdict.tcp);
  entry["faults"] = std::move(faults);
  entry["notes"] = verdict.notes;
  return entry;
}

}  // namespace

std::string probe_json(const ProbeReport& report) {
  Json stands = Json::array();
  for (const auto& stand : report.stands) {
    constexpr const char* kKinds[] = {"container", "own", "host"};
    Json peers = Json::array();
    for (const auto& peer : stand.peers) peers.push_back(peer_json(peer, stand.source));
    stands.push_back({{"from", stand.source},
                      {"kind", kKinds[static_cast<std::size_t>(stand.kind)]},
                      {"container", stand.container},
                      {"inbound", or_null(stand.inbound)},
                      {"peers", std::move(peers)}});
  }
  const Json document = {{"schema_version", kSchemaVersion},
                         {"host", report.host},
                         {"reached", report.all_reached()},
                         {"seconds", static_cast<double>(report.took.count()) / 1000},
                         {"stands", std::move(stands)},
                         {"notes", report.notes}};
  return printed(document);
}

}  // namespace overland::cli
