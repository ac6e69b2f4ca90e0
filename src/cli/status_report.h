#pragma once
// Desired beside actual, as one screen or one JSON document.

#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "reconcile/survey.h"

namespace overland::cli {

struct PeerStatus {
  std::string name;
  std::string subnet;    // bridge subnet, or a remote segment
  std::string next_hop;  // "10.0.0.201", several joined by ", "
  std::string link;      // the next hop is reached through; "-" where none is
  std::string state;     // "ok", "missing", "differs", "held by another", "shadowed", "diverted"
};

struct SettingStatus {
  std::string name;
  std::string desired;
  std::string actual;
  bool ok = false;
};

struct StatusReport {
  std::string host;
  std::string docker;    // "20.10.24, running"
  std::string firewall;  // "nft (iptables v1.8.9 (nf_tables))"
  std::vector<PeerStatus> peers;
  std::vector<SettingStatus> settings;  // sysctls, links, firewall, Docker
  plan::Plan plan;
};

StatusReport make_status(const inventory::Inventory& inventory, const inventory::Host& host,
                         const reconcile::Survey& survey);

std::string status_text(const StatusReport& report, bool color);
std::string status_json(const StatusReport& report);

}  // namespace overland::cli
