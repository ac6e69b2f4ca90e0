#include "inventory/read.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "inventory/frame.h"
#include "inventory/guard.h"
#include "inventory/pieces.h"
#include "inventory/read_parts.h"
#include "inventory/syntax.h"

namespace overland::inventory {
namespace {

/// Of files that cannot be read.
Draft unreadable(Places places) {
  Draft draft;
  draft.places = std::move(places);
  return draft;
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

/// All files, piece by piece.
class Reading {
 public:
  Reading(const Sources& sources, Report& report) : report_(report) {
    draft_.places = Places(sources);
    texts_.emplace_back(sources.text);
    for (const Fragment& fragment : sources.fragments) texts_.emplace_back(fragment.text);
    broken_.resize(texts_.size());
  }

  Draft run() {
    if (refused()) return unreadable(std::move(draft_.places));
    for (std::size_t i = 0; i < texts_.size(); ++i) sections_.push_back(cut_at_end(i));
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      guarded(i, [this, i] { read_document(i); });
    }
    if (syntax_.has_errors()) {
      report_ = std::move(syntax_);  // what else was found may follow from it
      return unreadable(std::move(draft_.places));
    }
    draft_.readable = true;
    return std::move(draft_);
  }

 private:
  /// Some 400 hosts: the parser's tree of them stays in the processor's own cache.
  static constexpr std::size_t kPiece = std::size_t{32} << 10U;

  /// Whether a text cannot be given to the parser.
  bool refused() {
    bool any = false;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      const auto refusal = refuse_early(texts_[i]);
      if (!refusal) continue;
      report_.begin_document(draft_.places.lines_before(i));
      report_.add(refusal->code, report_.in_file(refusal->at), refusal->message, refusal->remedy);
      any = true;
    }
    report_.begin_document(0);
    return any;
  }

  Sections cut_at_end(std::size_t document) {
    std::string_view& text = texts_[document];
    Sections sections = find_sections(text);
    if (sections.end && document == 0) {
      text = before_end(text, *sections.end, report_);
    } else if (sections.end) {
      Position at = position_of(text, *sections.end);
      at.line += draft_.places.lines_before(document);
      refuse_in_fragment("[end]", at);
      text = text.substr(0, *sections.end);
    }
    return sections;
  }

  void refuse_in_fragment(const std::string& what, Position at) {
    report_.add(Code::kFragmentKey, at, what + " stands in a fragment",
                "put it in the main file; a fragment has [[host]], [[segment]] and [[network]]");
  }

  /// Does it with a file whose syntax is right so far, and finds out whether that is so.
  template <typename Do>
  void guarded(std::size_t document, Do what) {
    if (broken_[document]) return;
    const std::uint32_t begin = draft_.places.lines_before(document);
    report_.begin_document(begin);
    // Debian's shared library is built with exceptions, and its symbols are named for it.
    try {
      what();
    } catch (const toml::parse_error& fault) {
      broken_[document] = true;
      const Position at = position(fault.source(), report_);
      const SyntaxFault told = explain_syntax(std::string(fault.description()), texts_[document],
                                              {at.line - begin, at.column});
      syntax_.add(Code::kSyntax, at, "not valid TOML: " + told.message, told.remedy);
    }
  }

  void read_document(std::size_t document) {
    const std::string_view text = texts_[document];
    std::uint32_t lines = 0;
    for (const std::string_view piece : cut(text, sections_[document], kPiece)) {
      report_.begin_piece(lines);
      lines += static_cast<std::uint32_t>(std::count(piece.begin(), piece.end(), '\n'));
      toml::table tree = toml::parse(piece);
      Fields top(tree, "", kTopKeys, report_);
      if (piece.data() == text.data()) document == 0 ? read_first(top) : read_fragment(top);
      const bool hosts = read_list(top, "host", report_, [&](toml::table& table) {
        read_host(table, docker_, firewall_, index_, draft_, report_);
      });
      draft_.all_hosts = draft_.all_hosts && !top.misspelt("host");
      draft_.hosts_read = draft_.hosts_read || hosts || !draft_.all_hosts;
      top.report_unknown();
    }
  }

  /// What comes before the hosts, and once.
  void read_first(Fields& top) {
    read_version(top, report_);
    if (const auto text = top.text("min_overland")) {
      check_release(text->value, text->at, this_release(), report_);
    }
    read_generation(top, draft_.inventory.generation, report_);
    if (const auto end = top.flag("end"); end && end->value && !sections_[0].end) {
      report_.add(Code::kCutOff, end->at,
                  "the file says end = true and has no [end]: it is cut off",
                  "fetch the whole file again; [end] is its last line");
    }
    read_cluster(top, draft_, report_);
    read_tunnel(top, draft_, report_);
    read_defaults(top, docker_, firewall_, report_);
    draft_.default_pools = docker_.address_pools;
    read_segments(top);
    for (std::size_t i = 0; i < draft_.inventory.segments.size(); ++i) {
      index_.emplace(draft_.inventory.segments[i].name, i);
    }
    read_networks(top);
    std::size_t hosts = 0;
    for (const Sections& sections : sections_) hosts += sections.hosts.size();
    draft_.inventory.hosts.reserve(hosts);
    draft_.hosts.reserve(hosts);
  }

  /// Those of all files: hosts and networks of any may name them.
  void read_segments(Fields& top) {
    const auto read_one = [this](toml::table& table) { read_segment(table, draft_, report_); };
    bool found = read_list(top, "segment", report_, read_one);
    bool misspelt = top.misspelt("segment");
    for (std::size_t i = 1; i < texts_.size(); ++i) {
      guarded(i, [&] {
        toml::table tree = toml::parse(cut(texts_[i], sections_[i], kPiece).front());
        Fields fragment(tree, "", kTopKeys, report_);
        found = read_list(fragment, "segment", report_, read_one) || found;
        misspelt = misspelt || fragment.misspelt("segment");
      });
    }
    report_.begin_document(0);
    if (!found && !misspelt && top.require("segment", "a [[segment]] with name and subnet")) {
      report_.add(Code::kEmptyList, top.key_at("segment"), "segment is an empty list",
                  "add a [[segment]] with name and subnet");
    }
    if (draft_.inventory.segments.empty() || misspelt) {
      draft_.all_segment_names = draft_.all_subnets = false;
    }
  }

  void read_networks(Fields& top) {
    read_list(top, "network", report_,
              [this](toml::table& table) { read_docker_network(table, index_, draft_, report_); });
  }

  void read_fragment(Fields& top) {
    for (const Key& key : kTopKeys) {
      const bool allowed = std::ranges::find(kFragmentKeys, key.name) != kFragmentKeys.end();
      if (!allowed && top.has(key.name)) {
        refuse_in_fragment(std::string(key.name), top.key_at(key.name));
      }
    }
    read_networks(top);
  }

  Report& report_;
  Report syntax_;  // faults of it
  std::vector<std::string_view> texts_;
  std::vector<Sections> sections_;
  std::vector<bool> broken_;  // in its syntax
  DockerOptions docker_;
  FirewallOptions firewall_;
  SegmentIndex index_;
  Draft draft_;
};

}  // namespace

Draft read(const Sources& sources, Report& report) {
  if (needs_newer(sources.text, this_release(), report)) return unreadable(Places(sources));
  return Reading(sources, report).run();
}

}  // namespace overland::inventory
