#pragma once
// Desired beside actual, as one screen or one JSON document.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/verdict.h"
#include "inventory/inventory.h"
#include "model/link.h"
#include "reconcile/run_record.h"
#include "reconcile/survey.h"
#include "source/record.h"

namespace overland::cli {

enum class Tone : std::uint8_t { kGood, kDoubtful, kBad };

/// What is said of a way, and how it is meant.
struct Word {
  std::string text;
  Tone tone = Tone::kGood;
};

struct HopStatus {
  std::string address;
  std::string link;  // by which it is reached; "-" where by none
  model::Reach reach = model::Reach::kNotAsked;
};

/// A destination of a route of ours.
struct PeerStatus {
  std::string name;
  std::string subnet;  // bridge subnet, or a remote segment
  std::vector<HopStatus> next_hops;
  Word state;  // "route ok"; else what is gravest: status_peers.cpp has the list
};

struct SettingStatus {
  std::string name;
  std::string desired;
  std::string actual;
  bool ok = false;
};

/// What status knows beside a survey.
struct Background {
  std::string file = {};     // of the inventory
  std::string hash = {};     // content_hash() of the one shown
  std::string refused = {};  // why the present one does not count; else empty
  reconcile::RunRecord runs = {};
  std::int64_t now = 0;                                // seconds since 1970
  std::vector<model::NeighbourFacts> neighbours = {};  // sorted
  std::optional<source::Record> source = {};  // what fetch came to, of the installed inventory
};

struct PeerDetail;

struct StatusReport {
  std::string host;
  Verdict verdict = Verdict::kInSync;
  std::string standing;  // show_standing()
  Background background;
  std::optional<std::int64_t> generation;
  std::size_t hosts = 0;  // of the inventory
  std::string docker;     // "20.10.24, running"
  std::string firewall;   // "nft (iptables v1.8.9 (nf_tables))"
  std::string guard;      // what drops packets that nobody lets through; "none: " and why
  std::shared_ptr<const PeerDetail> peer;  // the one that was asked for; then `peers` has only its
  std::vector<PeerStatus> peers;
  std::vector<SettingStatus> settings;  // sysctls, links, firewall, Docker
  plan::Plan plan;
};

StatusReport make_status(const inventory::Inventory& inventory, const inventory::Host& host,
                         const reconcile::Survey& survey, Background background);

/// One for each desired route that leads somewhere.
std::vector<PeerStatus> peer_states(const inventory::Inventory& inventory,
                                    const reconcile::Survey& survey,
                                    const std::vector<model::NeighbourFacts>& neighbours);

/// The way to an address as this host's links and neighbours are now.
HopStatus hop_to(const model::Address& address, const model::HostFacts& facts,
                 const std::vector<model::NeighbourFacts>& neighbours);

/// "reachable", "stale", "entered", "not asked", "incomplete", "failed".
const char* name(model::Reach reach);

std::string status_text(const StatusReport& report, bool color);
std::string status_json(const StatusReport& report);

}  // namespace overland::cli
