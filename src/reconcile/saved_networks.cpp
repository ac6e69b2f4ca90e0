#include "reconcile/saved_networks.h"

#include "reconcile/saved_bytes.h"

namespace overland::reconcile {

using Json = nlohmann::ordered_json;

Json moving_json(const Moving& moving) {
  Json networks = Json::object();
  for (const auto& [network, members] : moving) {
    Json list = Json::array();
    for (const auto& one : members) {
      Json entry = {{"id", text_of(one.id)},
                    {"name", text_of(one.name)},
                    {"network", text_of(one.network)},
                    {"endpoint", text_of(one.endpoint)},
                    {"running", one.running}};
      if (one.address) entry["address"] = one.address->to_string();
      list.push_back(std::move(entry));
    }
    networks[text_of(network)] = std::move(list);
  }
  return networks;
}

Moving moving_from(const Json& networks) {
  Moving moving;
  for (const auto& [network, list] : networks.items()) {
    for (const auto& entry : list) {
      model::NetworkMember one;
      one.id = bytes_of(entry.at("id").get<std::string>());
      one.name = bytes_of(entry.at("name").get<std::string>());
      one.network = bytes_of(entry.at("network").get<std::string>());
      one.endpoint = bytes_of(entry.at("endpoint").get<std::string>());
      one.running = entry.at("running").get<bool>();
      if (entry.contains("address")) {
        one.address = model::Address::parse(entry.at("address").get<std::string>());
      }
      moving[bytes_of(network)].push_back(std::move(one));
    }
  }
  return moving;
}

Json ids_json(const NetworkIds& ids) {
  Json object = Json::object();
  for (const auto& [network, list] : ids) {
    Json& entry = object[text_of(network)] = Json::array();
    for (const auto& id : list) entry.push_back(text_of(id));
  }
  return object;
}

NetworkIds ids_from(const Json& object) {
  NetworkIds ids;
  for (const auto& [network, list] : object.items()) {
    for (const auto& id : list) ids[bytes_of(network)].push_back(bytes_of(id.get<std::string>()));
  }
  return ids;
}

}  // namespace overland::reconcile
