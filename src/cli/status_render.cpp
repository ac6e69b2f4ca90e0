// What status found, as text.

#include <algorithm>
#include <array>
#include <cstdint>
#include <iomanip>
#include <map>
#include <sstream>

#include "base/printable.h"
#include "cli/status_peer.h"
#include "cli/status_report.h"
#include "plan/render.h"

namespace overland::cli {
namespace {

const char* paint(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kDoubtful:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
  }
  return "";
}

std::string painted(const Word& word, bool color) {
  const std::string text = base::printable(word.text);
  return color ? paint(word.tone) + text + "\x1b[0m" : text;
}

template <std::size_t N>
using Row = std::array<std::string, N>;

/// Columns as wide as their widest cell; the last one is a word, coloured.
template <std::size_t N>
void table(std::ostream& out, const Row<N>& head, std::vector<std::pair<Row<N - 1>, Word>> rows,
           bool color) {
  if (rows.empty()) return;
  Row<N - 1> titles;
  std::copy(head.begin(), head.end() - 1, titles.begin());
  rows.insert(rows.begin(), {titles, {head.back(), Tone::kGood}});
  std::array<std::size_t, N - 1> width = {};
  for (auto& [cells, last] : rows) {
    for (std::size_t i = 0; i + 1 < N; ++i) {
      cells[i] = base::printable(cells[i]);
      width[i] = std::max(width[i], cells[i].size());
    }
  }
  out << "\n";
  for (const auto& row : rows) {
    out << "  ";
    for (std::size_t i = 0; i + 1 < N; ++i) {
      out << std::left << std::setw(static_cast<int>(width[i] + 2)) << row.first[i];
    }
    out << painted(row.second, color && &row != &rows.front()) << "\n";
  }
}

/// "3 min"
std::string span(std::int64_t seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  seconds = std::max<std::int64_t>(seconds, 0);  // a clock that was set back
  if (seconds < 2 * kMinute) return std::to_string(seconds) + " s";
  if (seconds < 2 * kHour) return std::to_string(seconds / kMinute) + " min";
  if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + " h";
  return std::to_string(seconds / kDay) + " days";
}

std::string applied_line(const reconcile::RunRecord& runs, std::int64_t now) {
  if (runs.last_run == 0) return "not in this boot";
  const std::string last = span(now - runs.last_run) + " ago";
  if (runs.last_success == 0) return last + ", without success; never with success in this boot";
  const std::string success = "with success " + span(now - runs.last_success) + " ago";
  return runs.last_run <= runs.last_success ? success : success + ", without " + last;
}

/// The last visit to where the inventory comes from.
std::string source_line(const source::Record& record, std::int64_t now) {
  const std::string last = span(now - record.last_visit) + " ago";
  const std::string good = record.last_success == 0
                               ? "never fetched with success"
                               : "fetched with success " + span(now - record.last_success) + " ago";
  std::string text = record.source.empty() ? good : record.source + ", " + good;
  if (!record.fault.empty()) text += "; failed " + last + ": " + base::shorten(record.fault, 300);
  if (!record.warning.empty()) text += "; " + record.warning;
  return text;
}

std::string inventory_line(const StatusReport& report) {
  std::string text = report.background.hash;
  if (report.generation) text += ", generation " + std::to_string(*report.generation);
  text += ", " + std::to_string(report.hosts) + (report.hosts == 1 ? " host" : " hosts");
  if (!report.background.refused.empty()) text += ": the one applied last, the present is refused";
  return text;
}

/// "49 route ok, 1 link down", the most frequent first.
std::string ways_line(const std::vector<PeerStatus>& peers) {
  std::map<std::string, std::size_t> counts;
  for (const auto& peer : peers) ++counts[peer.state.text];
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  std::string text;
  for (const auto& [word, number] : sorted) {
    text += (text.empty() ? "" : ", ") + std::to_string(number) + " " + word;
  }
  return text.empty() ? "none" : text;
}

Tone tone_of(Verdict verdict) {
  if (verdict == Verdict::kInSync) return Tone::kGood;
  return verdict == Verdict::kConflict ? Tone::kBad : Tone::kDoubtful;
}

void header(std::ostream& out, const StatusReport& report, bool color) {
  const auto line = [&](const char* name, const std::string& text) {
    out << std::left << std::setw(11) << name << base::printable(text) << "\n";
  };
  line("Host", report.host);
  out << "Status     " << painted({report.standing, tone_of(report.verdict)}, color) << "\n";
  line("Inventory", inventory_line(report));
  const auto& source = report.background.source;
  if (source) line("Source", source_line(*source, report.background.now));
  line("Applied", applied_line(report.background.runs, report.background.now));
  line("Docker", report.docker);
  line("Firewall", report.firewall);
  line("Guard", report.guard);
  line("Ways", ways_line(report.peers));
}

/// A next hop a line; name, subnet and state once.
void peer_rows(const PeerStatus& peer, std::vector<std::pair<Row<5>, Word>>& rows) {
  for (const auto& hop : peer.next_hops) {
    const bool first = &hop == &peer.next_hops.front();
    rows.push_back(
        {{first ? peer.name : "", first ? peer.subnet : "", hop.address, hop.link, name(hop.reach)},
         first ? peer.state : Word{}});
  }
}

}  // namespace

std::string status_text(const StatusReport& report, bool color) {
  std::ostringstream out;
  header(out, report, color);
  if (report.peer) out << "\n" << peer_text(*report.peer);
  std::vector<std::pair<Row<5>, Word>> peers;
  for (const auto& peer : report.peers) peer_rows(peer, peers);
  table<6>(out, {"PEER", "SUBNET", "NEXT HOP", "LINK", "NEIGHBOUR", "STATE"}, std::move(peers),
           color);
  if (report.peer) {
    const PeerDetail& peer = *report.peer;
    out << "\nBy the inventory: "
        << desired::render_path(*peer.inventory, peer.from, peer.to, peer.there, peer.back);
    return out.str();
  }
  std::vector<std::pair<Row<2>, Word>> settings;
  for (const auto& one : report.settings) {
    settings.push_back({{one.name, one.desired}, {one.actual, one.ok ? Tone::kGood : Tone::kBad}});
  }
  table<3>(out, {"SETTING", "DESIRED", "ACTUAL"}, std::move(settings), color);
  out << "\n" << plan::render_summary(report.plan);
  return out.str();
}

}  // namespace overland::cli
