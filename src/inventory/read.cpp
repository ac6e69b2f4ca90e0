#include "inventory/read.h"

#include <algorithm>
#include <cstdint>

#include "inventory/frame.h"
#include "inventory/guard.h"
#include "inventory/pieces.h"
#include "inventory/read_parts.h"
#include "inventory/syntax.h"

namespace overland::inventory {
namespace {

constexpr std::int64_t kVersion = 1;
// A pool may be as small as two bridges' worth; a segment as small as a point-to-point link (RFC
// 3021).
constexpr int kShortestNetwork = 8;
constexpr int kLongestPool = 30;
constexpr int kLongestSegment = 31;

const std::vector<std::string_view> kTopKeys = {"version",  "min_overland", "generation",
                                                "end",      "cluster",      "docker",
                                                "firewall", "segment",      "host"};
const std::vector<std::string_view> kClusterKeys = {"name", "pool", "ecmp"};
const std::vector<std::string_view> kSegmentKeys = {"name", "subnet", "vlan", "trust"};

bool refused(const std::string& text, Report& report) {
  const auto refusal = refuse_early(text);
  if (!refusal) return false;
  const bool nesting = refusal->code == Code::kNesting;
  report.add(refusal->code, refusal->at,
             nesting ? "keys, tables or lists are nested too deeply"
                     : "not valid TOML: a character outside ASCII stands outside quotes",
             nesting ? "no inventory needs more than three levels"
                     : "put text in straight double quotes: \"…\"");
  return true;
}

void read_version(Fields& top, Report& report) {
  if (!top.require("version", "version = 1 as the first line")) return;
  const auto version = top.number("version");
  if (!version || version->value == kVersion) return;
  report.add(Code::kVersion, version->at,
             "version " + std::to_string(version->value) + " is not known",
             "this program reads version = 1");
}

void read_generation(Fields& top, std::optional<std::int64_t>& generation, Report& report) {
  const auto number = top.number("generation");
  if (!number) return;
  if (number->value >= 0) {
    generation = number->value;
    return;
  }
  report.add(Code::kGeneration, number->at,
             "generation " + std::to_string(number->value) + " is below 0",
             "count from 0 or 1 on, one more with each roll-out");
}

void read_cluster(Fields& top, Cluster& cluster, Report& report) {
  toml::table* const table = top.table("cluster");
  if (table == nullptr) return;
  Fields fields(*table, "[cluster]", kClusterKeys, report);
  if (auto name = fields.text("name");
      name && check_plain_name(*name, "the cluster's name", report)) {
    cluster.name = std::move(name->value);
  }
  if (const auto pool = fields.text("pool")) {
    cluster.pool = read_network(*pool, "pool", kShortestNetwork, kLongestPool, report);
  }
  if (const auto ecmp = fields.flag("ecmp")) cluster.ecmp = ecmp->value;
  fields.report_unknown();
}

void read_defaults(Fields& top, DockerOptions& docker, FirewallOptions& firewall, Report& report) {
  if (toml::table* const table = top.table("docker")) {
    Fields fields(*table, "[docker]", kDockerKeys, report);
    read_docker(fields, docker, report);
    fields.report_unknown();
  }
  if (toml::table* const table = top.table("firewall")) {
    Fields fields(*table, "[firewall]", kFirewallKeys, report);
    read_firewall(fields, firewall, report);
    fields.report_unknown();
  }
}

void read_segment(toml::table& table, Draft& draft, Report& report) {
  Fields fields(table, "[[segment]]", kSegmentKeys, report);
  Segment& segment = draft.inventory.segments.emplace_back();
  SegmentPlaces& places = draft.segments.emplace_back();
  segment.position = fields.at();
  places.name = places.subnet = fields.at();
  if (fields.require("name", "name = \"lan\"")) {
    auto name = fields.text("name");
    places.complete = name && check_plain_name(*name, "the segment's name", report);
    if (name) {
      places.name = name->at;
      segment.name = std::move(name->value);
    }
  } else {
    places.complete = false;
  }
  draft.all_segment_names = draft.all_segment_names && places.complete;
  std::optional<model::Prefix> subnet;
  if (fields.require("subnet", "subnet = \"10.0.0.0/24\"")) {
    if (const auto text = fields.text("subnet")) {
      places.subnet = text->at;
      subnet = read_network(*text, "subnet", kShortestNetwork, kLongestSegment, report);
    }
  }
  segment.subnet = subnet.value_or(model::Prefix());
  places.complete = places.complete && subnet.has_value();
  draft.all_subnets = draft.all_subnets && subnet.has_value();
  if (const auto vlan = fields.number("vlan")) {
    places.vlan = vlan->at;
    if (vlan->value >= 1 && vlan->value <= 4094) {  // IEEE 802.1Q: 0 and 4095 are reserved
      segment.vlan = static_cast<std::uint16_t>(vlan->value);
    } else {
      places.vlan_known = false;
      report.add(Code::kVlanId, vlan->at,
                 "vlan " + std::to_string(vlan->value) + " is not an 802.1Q id",
                 "write a number from 1 to 4094");
    }
  } else {
    places.vlan_known = !fields.has("vlan") && !fields.misspelt("vlan");
  }
  if (const auto trust = fields.text("trust")) {
    const auto chosen = choose<Trust>(
        *trust, "trust", {{"hosts", Trust::kHosts}, {"subnet", Trust::kSubnet}}, report);
    segment.trust = chosen.value_or(Trust::kAuto);
  }
  fields.report_unknown();
}

/// The tables of a list [[key]]; other elements are reported.
template <typename Read>
bool read_list(Fields& top, std::string_view key, Report& report, Read read_one) {
  bool present = false;
  toml::array* const list = top.tables(key, present);
  if (list == nullptr) return present;
  for (toml::node& node : *list) {
    if (toml::table* const table = node.as_table()) {
      read_one(*table);
      table->clear();  // large files: the tree shrinks while the inventory grows
    } else {
      report.add(Code::kWrongType, position(node.source(), report),
                 std::string(key) + " must be a list of sections, not of " + type_name(node),
                 "write [[" + std::string(key) + "]] above each one's keys");
    }
  }
  return !list->empty();
}

/// One text, piece by piece.
class Reading {
 public:
  Reading(std::string_view text, Report& report)
      : text_(text), report_(report), sections_(find_sections(text)) {
    if (sections_.end) text_ = before_end(text, *sections_.end, report);
  }

  Draft run() {
    std::uint32_t lines = 0;
    for (const std::string_view piece : cut(text_, sections_, kPiece)) {
      report_.begin_piece(lines);
      lines += static_cast<std::uint32_t>(std::count(piece.begin(), piece.end(), '\n'));
      toml::table tree = toml::parse(piece);
      Fields top(tree, "", kTopKeys, report_);
      if (piece.data() == text_.data()) read_first(top);
      const bool hosts = read_list(top, "host", report_, [&](toml::table& table) {
        read_host(table, docker_, firewall_, index_, draft_, report_);
      });
      draft_.all_hosts = draft_.all_hosts && !top.misspelt("host");
      draft_.hosts_read = draft_.hosts_read || hosts || !draft_.all_hosts;
      top.report_unknown();
    }
    draft_.readable = true;
    return std::move(draft_);
  }

 private:
  /// Some 400 hosts: the parser's tree of them stays in the processor's own cache.
  static constexpr std::size_t kPiece = std::size_t{32} << 10U;

  /// What comes before the hosts, and once.
  void read_first(Fields& top) {
    read_version(top, report_);
    if (const auto text = top.text("min_overland")) {
      check_release(text->value, text->at, this_release(), report_);
    }
    read_generation(top, draft_.inventory.generation, report_);
    if (const auto end = top.flag("end"); end && end->value && !sections_.end) {
      report_.add(Code::kCutOff, end->at,
                  "the file says end = true and has no [end]: it is cut off",
                  "fetch the whole file again; [end] is its last line");
    }
    read_cluster(top, draft_.inventory.cluster, report_);
    read_defaults(top, docker_, firewall_, report_);
    const bool found = read_list(top, "segment", report_,
                                 [&](toml::table& table) { read_segment(table, draft_, report_); });
    if (!found && top.require("segment", "a [[segment]] with name and subnet")) {
      report_.add(Code::kEmptyList, top.key_at("segment"), "segment is an empty list",
                  "add a [[segment]] with name and subnet");
    }
    if (draft_.inventory.segments.empty() || top.misspelt("segment")) {
      draft_.all_segment_names = draft_.all_subnets = false;
    }
    for (std::size_t i = 0; i < draft_.inventory.segments.size(); ++i) {
      index_.emplace(draft_.inventory.segments[i].name, i);
    }
    draft_.inventory.hosts.reserve(sections_.hosts.size());
    draft_.hosts.reserve(sections_.hosts.size());
  }

  std::string_view text_;
  Report& report_;
  Sections sections_;
  DockerOptions docker_;
  FirewallOptions firewall_;
  SegmentIndex index_;
  Draft draft_;
};

}  // namespace

void read_docker(Fields& fields, DockerOptions& options, Report& report) {
  if (const auto text = fields.text("daemon_json")) {
    const auto mode = choose<model::DaemonJsonMode>(*text, "daemon_json",
                                                    {{"merge", model::DaemonJsonMode::kMerge},
                                                     {"verify", model::DaemonJsonMode::kVerify},
                                                     {"off", model::DaemonJsonMode::kOff}},
                                                    report);
    options.daemon_json = mode.value_or(options.daemon_json);
  }
  if (auto bridge = fields.text("bridge");
      bridge && check_interface_name(*bridge, "bridge", report)) {
    options.bridge = std::move(bridge->value);
  }
  if (auto program = fields.text("program");
      program && check_program_path(*program, "program", report)) {
    options.program = std::move(program->value);
  }
}

void read_firewall(Fields& fields, FirewallOptions& options, Report& report) {
  if (const auto mark = fields.number("mark"); mark && check_mark(*mark, report)) {
    options.mark = static_cast<std::uint32_t>(mark->value);
  }
  if (const auto conntrack = fields.flag("conntrack")) options.conntrack = conntrack->value;
}

Draft read(const std::string& text, Report& report) {
  if (needs_newer(text, this_release(), report) || refused(text, report)) return {};
  // Debian's shared library is built with exceptions, and its symbols are named for it.
  try {
    return Reading(text, report).run();
  } catch (const toml::parse_error& fault) {
    const Position at = position(fault.source(), report);
    report = Report();  // pieces before this one may have had faults; syntax comes first
    const SyntaxFault told = explain_syntax(std::string(fault.description()), text, at);
    report.add(Code::kSyntax, at, "not valid TOML: " + told.message, told.remedy);
    return {};
  }
}

}  // namespace overland::inventory
