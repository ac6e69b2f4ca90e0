// Names that two hosts or two segments have.

#include <memory_resource>
#include <unordered_map>

#include "inventory/letter_case.h"
#include "inventory/validate.h"

namespace overland::inventory {
namespace {

constexpr std::size_t kNameCost = 72;  // bytes of an entry and its bucket, about

void check_host_names(const Draft& draft, Report& report) {
  const auto& hosts = draft.inventory.hosts;
  // In one piece of memory: a look-up is half as far, and all goes at once.
  std::pmr::monotonic_buffer_resource memory((hosts.size() + 1) * kNameCost);
  std::pmr::unordered_map<std::string, std::size_t> first(&memory);
  first.reserve(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (hosts[i].name.empty()) continue;
    const auto [known, added] = first.emplace(lower(hosts[i].name), i);
    if (added) continue;
    report.add(Code::kDuplicateHostName, draft.hosts[i].name,
               "the host name " + hosts[i].name + " is taken already" +
                   in_line(draft, draft.hosts[known->second].name),
               "give every host a name of its own");
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::size_t dot = hosts[i].name.find('.');
    if (dot == std::string::npos) continue;
    const auto found = first.find(lower(hosts[i].name.substr(0, dot)));
    if (found == first.end()) continue;
    // A machine that knows only its short name could be either.
    report.add(Code::kShortNameClash, draft.hosts[i].name,
               "the host name " + hosts[i].name + " begins with another host's, " +
                   hosts[found->second].name + in_line(draft, draft.hosts[found->second].name),
               "write both in full");
  }
}

void check_segment_names(const Draft& draft, Report& report) {
  const auto& segments = draft.inventory.segments;
  std::unordered_map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].name.empty()) continue;
    const auto [known, added] = first.emplace(segments[i].name, i);
    if (added) continue;
    report.add(Code::kDuplicateSegmentName, draft.segments[i].name,
               "the segment name " + quote(segments[i].name) + " is taken already" +
                   in_line(draft, draft.segments[known->second].name),
               "give every segment a name of its own");
  }
}

}  // namespace

void check_names(const Draft& draft, Report& report) {
  check_host_names(draft, report);
  check_segment_names(draft, report);
  const std::size_t hosts = draft.inventory.hosts.size();
  if (hosts == 0 && !draft.hosts_read) {
    report.add(Code::kNoHosts, {}, "there is no host", "add a [[host]] with name and address");
  } else if (hosts == 1 && draft.all_hosts) {
    report.add(Code::kSingleHost, draft.inventory.hosts.front().position,
               "there is only one host: it has nobody to talk to", "add the others");
  }
}

}  // namespace overland::inventory
