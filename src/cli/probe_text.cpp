// What a probe found, for people: one line a peer, and below it where it ends.

#include <algorithm>
#include <array>
#include <cstddef>
#include <iomanip>
#include <sstream>

#include "base/printable.h"
#include "cli/probe_report.h"

namespace overland::cli {
namespace {

using probe::Part;
using probe::Verdict;

constexpr const char* kRed = "\033[31m";
constexpr const char* kGreen = "\033[32m";
constexpr const char* kPlain = "\033[0m";

using Row = std::vector<std::string>;

std::string plural(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string seconds(std::chrono::milliseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(time.count()) / 1000 << " s";
  return text.str();
}

std::string show(Part part) {
  switch (part) {
    case Part::kNone:
      return "-";
    case Part::kOk:
      return "ok";
    case Part::kSome:
      return "some";
    case Part::kForwards:
      return "forwards, none answers";
    case Part::kNo:
      return "NO ANSWER";
  }
  return "-";
}

std::string show_containers(const Verdict& verdict) {
  if (verdict.containers == Part::kOk && verdict.container) {
    return "ok (" + verdict.container->to_string() + ")";
  }
  return show(verdict.containers);
}

std::string show_source(const ProbedStand& stand, const Verdict& verdict) {
  if (!verdict.source) return "-";
  const std::string seen = verdict.source->to_string();
  return seen == stand.source ? "kept" : "as " + seen;
}

std::string show_round_trip(const Verdict& verdict) {
  if (!verdict.round_trip) return "-";
  std::ostringstream text;
  const auto micros = static_cast<double>(verdict.round_trip->count());
  text << std::fixed << std::setprecision(micros < 10000 ? 2 : 0) << micros / 1000 << " ms";
  return text.str();
}

std::string show(probe::Connected tcp) {
  switch (tcp) {
    case probe::Connected::kNotAsked:
      return "-";
    case probe::Connected::kOpen:
      return "open";
    case probe::Connected::kRefused:
      return "closed";
    case probe::Connected::kSilent:
      return "NO ANSWER";
  }
  return "-";
}

/// Columns that not everybody has.
struct Columns {
  bool networks = false;
  bool tcp = false;
};

std::string show_networks(const Verdict& verdict) {
  const auto count = [&](Part part) {
    return static_cast<std::size_t>(std::ranges::count(verdict.networks, part));
  };
  const std::size_t asked = verdict.networks.size() - count(Part::kNone);
  if (asked == 0) return verdict.networks.empty() ? "-" : "not asked";
  const std::string all = std::to_string(asked) + " ok";
  return count(Part::kOk) == asked ? all : std::to_string(count(Part::kOk)) + " of " + all;
}

Row row_of(const ProbedStand& stand, const ProbedPeer& peer, const Columns& columns) {
  const Verdict& verdict = peer.verdict;
  const std::string mtu = verdict.mtu ? std::to_string(*verdict.mtu) : "-";
  Row row = {peer.name + (peer.asked.empty() ? "" : " " + peer.asked), show(verdict.host),
             show(verdict.bridge), show_containers(verdict)};
  if (columns.networks) row.push_back(show_networks(verdict));
  row.push_back(show_source(stand, verdict));
  row.push_back(mtu + (verdict.mtu && verdict.mtu_shrunk ? "!" : ""));
  if (columns.tcp) row.push_back(show(verdict.tcp));
  row.push_back(show_round_trip(verdict));
  return row;
}

Row heads(const Columns& columns) {
  Row row = {"PEER", "HOST", "BRIDGE", "CONTAINERS"};
  if (columns.networks) row.emplace_back("NETWORKS");
  row.insert(row.end(), {"SOURCE", "MTU"});
  if (columns.tcp) row.emplace_back("TCP");
  row.emplace_back("RTT");
  return row;
}

std::vector<std::size_t> widths(const std::vector<Row>& rows) {
  std::vector<std::size_t> result(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) result[i] = std::max(result[i], row[i].size());
  }
  return result;
}

std::string line(const Row& row, const std::vector<std::size_t>& width) {
  std::string text = " ";
  for (std::size_t i = 0; i < row.size(); ++i) {
    text += " " + row[i];
    if (i + 1 < row.size()) text += std::string(width[i] - row[i].size() + 1, ' ');
  }
  return text + "\n";
}

std::string stand_line(const ProbedStand& stand, std::chrono::milliseconds took) {
  std::string text = "from " + stand.source;
  if (stand.kind == probe::Stand::Kind::kContainer)
    text += " (container " + base::printable(stand.container) + ")";
  if (stand.kind == probe::Stand::Kind::kOwn) text += " (as a container, none runs here)";
  if (stand.kind == probe::Stand::Kind::kHost) text += " (this host)";
  return text + ", " + plural(stand.peers.size(), "peer") + ", " + seconds(took) + "\n";
}

std::string place_words(probe::Place place) {
  constexpr std::array<const char*, 5> kWords = {"here", "the link", "on the way", "at the peer",
                                                 "cannot tell"};
  return kWords.at(static_cast<std::size_t>(place));
}

std::string stand_text(const ProbedStand& stand, const ProbeReport& report, bool color) {
  const bool networks =
      std::ranges::any_of(stand.peers, [](const auto& peer) { return !peer.networks.empty(); });
  const Columns columns = {networks, report.tcp};
  std::vector<Row> rows = {heads(columns)};
  for (const auto& peer : stand.peers) rows.push_back(row_of(stand, peer, columns));
  const auto width = widths(rows);
  std::string text = stand_line(stand, report.took) + line(rows.front(), width);
  for (std::size_t i = 0; i < stand.peers.size(); ++i) {
    const Verdict& verdict = stand.peers[i].verdict;
    const char* const paint = verdict.reached ? kGreen : kRed;
    text += (color ? paint : "") + line(rows[i + 1], width);
    if (color) text.insert(text.size() - 1, kPlain);
    for (const auto& fault : verdict.faults) {
      text += "      " + place_words(fault.place) + ": " + base::printable(fault.message) + "\n";
    }
    for (const auto& note : verdict.notes) text += "      note: " + base::printable(note) + "\n";
  }
  return text;
}

std::string inbound_line(const ProbedStand& stand) {
  if (stand.kind == probe::Stand::Kind::kHost) return "";
  if (!stand.inbound) return "inbound: not known whether our accepts hold for new flows\n";
  return *stand.inbound ? "inbound: our accepts hold for new flows (untracked replies passed)\n"
                        : "inbound: NEW FLOWS ARE NOT LET IN (untracked replies were dropped "
                          "here): run `overland status`\n";
}

}  // namespace

bool ProbeReport::all_reached() const {
  return !no_bridge && std::ranges::all_of(stands, [](const ProbedStand& stand) {
    return stand.inbound.value_or(true) &&
           std::ranges::all_of(stand.peers, [](const auto& peer) { return peer.verdict.reached; });
  });
}

std::string probe_text(const ProbeReport& report, bool color) {
  std::string text;
  std::size_t reached = 0;
  std::size_t asked = 0;
  for (const auto& stand : report.stands) {
    text += stand_text(stand, report, color) + inbound_line(stand);
    asked += stand.peers.size();
    reached += static_cast<std::size_t>(
        std::ranges::count_if(stand.peers, [](const auto& peer) { return peer.verdict.reached; }));
  }
  for (const auto& note : report.notes) text += "note: " + base::printable(note) + "\n";
  return text + std::to_string(reached) + " of " + std::to_string(asked) + " reached" +
         (report.no_bridge ? ", by containers none" : "") + "\n";
}

}  // namespace overland::cli
