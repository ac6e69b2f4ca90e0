// What status found, as text and as JSON.

#include <algorithm>
#include <array>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/plan_json.h"
#include "cli/status_report.h"
#include "plan/render.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t N>
using Row = std::array<std::string, N>;

/// Columns as wide as their widest cell; the last one is coloured by `good`.
template <std::size_t N, typename Good>
void table(std::ostream& out, const std::vector<Row<N>>& rows, bool color, Good good) {
  std::array<std::size_t, N> width = {};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < N; ++i) width[i] = std::max(width[i], row[i].size());
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out << "  ";
    for (std::size_t i = 0; i + 1 < N; ++i) {
      out << std::left << std::setw(static_cast<int>(width[i] + 2)) << rows[r][i];
    }
    const bool paint = color && r > 0;
    if (paint) out << (good(r - 1) ? "\x1b[32m" : "\x1b[31m");
    out << rows[r][N - 1];
    if (paint) out << "\x1b[0m";
    out << "\n";
  }
}

}  // namespace

std::string status_text(const StatusReport& report, bool color) {
  std::ostringstream out;
  out << "Host      " << report.host << "\nDocker    " << report.docker << "\nFirewall  "
      << report.firewall << "\n";
  if (!report.peers.empty()) {
    std::vector<Row<5>> rows = {{"PEER", "SUBNET", "NEXT HOP", "LINK", "STATE"}};
    for (const auto& peer : report.peers) {
      rows.push_back({peer.name, peer.subnet, peer.next_hop, peer.link, peer.state});
    }
    out << "\n";
    table(out, rows, color, [&](std::size_t i) { return report.peers[i].state == "ok"; });
  }
  if (!report.settings.empty()) {
    std::vector<Row<3>> rows = {{"SETTING", "DESIRED", "ACTUAL"}};
    for (const auto& one : report.settings) rows.push_back({one.name, one.desired, one.actual});
    out << "\n";
    table(out, rows, color, [&](std::size_t i) { return report.settings[i].ok; });
  }
  out << "\n" << plan::render_summary(report.plan);
  return out.str();
}

std::string status_json(const StatusReport& report) {
  Json peers = Json::array();
  for (const auto& peer : report.peers) {
    peers.push_back({{"name", peer.name},
                     {"subnet", peer.subnet},
                     {"next_hop", peer.next_hop},
                     {"link", peer.link},
                     {"state", peer.state}});
  }
  Json settings = Json::array();
  for (const auto& one : report.settings) {
    settings.push_back(
        {{"name", one.name}, {"desired", one.desired}, {"actual", one.actual}, {"ok", one.ok}});
  }
  Json document = {
      {"schema_version", kSchemaVersion},
      {"host", report.host},
      {"docker", report.docker},
      {"firewall", report.firewall},
      {"in_sync", report.plan.in_sync()},
      {"held", report.plan.held.size()},
      {"held_reason", report.plan.held_reason},
      {"peers", peers},
      {"settings", settings},
  };
  put_findings(document, report.plan);
  return printed(document);
}

}  // namespace overland::cli
