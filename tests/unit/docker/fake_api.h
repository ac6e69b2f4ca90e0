#pragma once
// A Docker in memory that knows networks and containers.

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "docker/api_facts.h"
#include "docker/network_members.h"
#include "docker/network_spec.h"
#include "docker/networks.h"
#include "unit/networks.h"

namespace overland::docker {

using namespace tests;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Networks by id, containers by id with their endpoints by network. Refuses what Docker does.
struct FakeApi {
  std::map<std::string, json> networks;
  std::map<std::string, json> containers;
  std::string refuses = {};  // "METHOD /path" begins so
  int refusals = 0;          // so often
  std::string why = "Docker says no";
  std::vector<std::string> told;  // all that is no GET
  int made = 0;
  int dies_after = -1;  // so many requests; -1: never

  std::string operator()(const ApiRequest& request) {
    const std::string line = request.method + " " + request.path;
    if (dies_after == 0) throw base::Error(base::ErrorKind::kFailure, "nobody listens");
    if (dies_after > 0) --dies_after;
    if (request.method != "GET") told.push_back(line);
    if (refusals > 0 && line.starts_with(refuses)) {
      --refusals;
      throw base::Error(base::ErrorKind::kInvalid, why);
    }
    if (line == "GET /networks") return list(networks).dump();
    if (line.starts_with("GET /containers/json")) return list(containers).dump();
    if (line == "POST /networks/create") return create(json::parse(request.body));
    const auto parts = split(request.path);
    if (parts[0] == "containers") return containers.at(parts[1]).dump();
    if (request.method == "DELETE") return networks.erase(parts[1]) == 1 ? "" : no();
    if (!networks.contains(parts[1])) no();
    if (request.method == "GET") return networks.at(parts[1]).dump();
    return move(parts, json::parse(request.body));
  }

  void add_container(const std::string& id, const std::string& name, json endpoint) {
    containers[id] = {{"Id", id},
                      {"Names", {"/other/link", "/" + name}},
                      {"NetworkSettings", {{"Networks", {{"app", std::move(endpoint)}}}}}};
  }
  json endpoint(const std::string& id) {
    return containers.at(id)["NetworkSettings"]["Networks"].value("app", json());
  }

 private:
  static std::string no() { throw base::Error(base::ErrorKind::kInvalid, "no such thing"); }
  static json list(const std::map<std::string, json>& things) {
    json all = json::array();
    for (const auto& [id, thing] : things) all.push_back(thing);
    return all;
  }
  static std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> parts;
    std::istringstream in(path.substr(1));
    for (std::string part; std::getline(in, part, '/');) parts.push_back(part);
    return parts;
  }
  std::string create(json body) {
    for (const auto& [id, network] : networks) {
      if (network["Name"] == body["Name"]) no();
    }
    const std::string id = "net" + std::to_string(++made);
    body["Id"] = id;
    networks[id] = body;
    return json{{"Id", id}, {"Warning", ""}}.dump();
  }
  std::string move(const std::vector<std::string>& parts, const json& body) {
    auto& all = containers.at(body.at("Container"))["NetworkSettings"]["Networks"];
    const std::string name = networks.at(parts[1])["Name"];
    if (parts[2] == "connect") {
      all[name] = body.at("EndpointConfig");
    } else if (all.erase(name) == 0) {
      no();
    }
    return "";
  }
};

class Networks : public ::testing::Test {
 protected:
  Ask ask = [this](const ApiRequest& request) { return api(request); };

  model::Network app = bridge("app", "192.168.110.0/24");
  FakeApi api;

  model::Network other() const { return bridge("app", "192.168.111.0/24"); }
  void stands() { carry_out({std::nullopt, app}, ask, ask); }
  std::optional<model::Network> found() {
    const auto networks = parse_networks(api({"/networks"}));
    return networks.empty() ? std::nullopt : networks.at(0).ours;
  }
  std::string fault(const plan::NetworkStep& step) {
    try {
      carry_out(step, ask, ask);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "none";
  }
};

}  // namespace overland::docker
