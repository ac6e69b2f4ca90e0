#include "firewall/trace/table.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <string_view>

namespace overland::firewall::trace {
namespace {

std::vector<std::uint8_t> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

bool counts_only(Bytes expression) {
  const std::string name = text_of(find_attribute(expression, NFTA_EXPR_NAME));
  return name == "counter" || name == "last";
}

bool conditional(Bytes element) {
  const Bytes one = find_attribute(element, NFTA_SET_ELEM_EXPR);
  bool result = !one.empty() && !counts_only(one);
  for_each_attribute(find_attribute(element, NFTA_SET_ELEM_EXPRESSIONS),
                     [&](const Attribute& entry) { result = result || !counts_only(entry.data); });
  return result;
}

/// An element as it comes: of an interval there are two, its first key and, marked as an end, the
/// one after its last.
struct Bound {
  TraceElement element;
  bool end = false;
};

Bound bound_of(Bytes element) {
  const auto key_of = [&](std::uint16_t attribute) {
    return copy(find_attribute(find_attribute(element, attribute), NFTA_DATA_VALUE));
  };
  const std::uint32_t flags = number32_of(find_attribute(element, NFTA_SET_ELEM_FLAGS));
  Bound result;
  result.element.first = key_of(NFTA_SET_ELEM_KEY);
  result.element.last = key_of(NFTA_SET_ELEM_KEY_END);
  result.element.by_field = !result.element.last.empty();
  result.element.catch_all = (flags & NFT_SET_ELEM_CATCHALL) != 0;
  result.element.conditional = conditional(element);
  result.element.data = copy(find_attribute(element, NFTA_SET_ELEM_DATA));
  result.end = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;
  return result;
}

void decrement(std::vector<std::uint8_t>& key) {
  for (auto byte = key.rbegin(); byte != key.rend(); ++byte) {
    if ((*byte)-- != 0) return;
  }
}

/// As the kernel orders them: byte by byte. (GCC 12 at -O3 takes std::vector's own <=> in a sort
/// for an overread.)
std::string_view ordered(const std::vector<std::uint8_t>& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

/// An end is left out where the next interval begins there or the keys end.
std::vector<TraceElement> joined(std::vector<Bound> bounds, bool intervals) {
  std::stable_sort(bounds.begin(), bounds.end(), [](const Bound& a, const Bound& b) {
    const int order = ordered(a.element.first).compare(ordered(b.element.first));
    return order != 0 ? order < 0 : a.end && !b.end;
  });
  std::vector<TraceElement> result;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    TraceElement& element = bounds[i].element;
    if (bounds[i].end) continue;
    if (element.last.empty()) {
      element.last = element.first;
      if (intervals && !element.catch_all) {
        element.last.assign(element.first.size(), 0xff);
        if (i + 1 < bounds.size() && !bounds[i + 1].element.catch_all) {
          element.last = bounds[i + 1].element.first;
          decrement(element.last);
        }
      }
    }
    result.push_back(std::move(element));
  }
  return result;
}

}  // namespace

Answer TraceElement::holds(const TraceBytes& key) const {
  if (!by_field) return first == last ? equals(key, first) : within(key, first, last);
  constexpr std::size_t kWord = 4;
  Answer answer = key.size() < first.size() ? Answer::kMaybe : Answer::kYes;
  for (std::size_t i = 0; answer != Answer::kMaybe && i + kWord <= first.size(); i += kWord) {
    const auto start = key.begin() + static_cast<std::ptrdiff_t>(i);
    answer = both(answer, within({start, start + kWord}, Bytes(first).subspan(i, kWord),
                                 Bytes(last).subspan(i, kWord)));
  }
  return answer;
}

Answer find_elements(const std::vector<TraceElement>& elements, const TraceBytes& key,
                     Candidates& candidates) {
  Answer found = Answer::kNo;
  for (const bool last_resort : {false, true}) {
    for (const TraceElement& element : elements) {
      if (found == Answer::kYes) return found;
      if (element.catch_all != last_resort) continue;
      Answer here = element.catch_all ? Answer::kYes : element.holds(key);
      if (element.conditional) here = both(here, Answer::kMaybe);
      if (here == Answer::kNo) continue;
      candidates.emplace_back(here, &element);
      found = here == Answer::kYes ? here : std::max(found, here);
    }
  }
  return found;
}

TraceTable::TraceTable(nft::Socket& socket, std::uint8_t family, std::string table)
    : socket_(&socket), family_(family), table_(std::move(table)) {
  nft::Request request{NFT_MSG_GETRULE, family_, {}};
  put_text(request.attributes, NFTA_RULE_TABLE, table_);
  socket_->dump(
      request, [&] { rules_.clear(); },
      [&](std::uint8_t, Bytes rule) {
        rules_[text_of(find_attribute(rule, NFTA_RULE_CHAIN))].push_back(
            {number64_of(find_attribute(rule, NFTA_RULE_HANDLE)),
             copy(find_attribute(rule, NFTA_RULE_EXPRESSIONS))});
      });
  nft::Request sets{NFT_MSG_GETSET, family_, {}};
  put_text(sets.attributes, NFTA_SET_TABLE, table_);
  socket_->dump(
      sets, [&] { sets_.clear(); },
      [&](std::uint8_t, Bytes set) {
        sets_[text_of(find_attribute(set, NFTA_SET_NAME))] =
            number32_of(find_attribute(set, NFTA_SET_FLAGS));
      });
}

const std::vector<TraceRule>& TraceTable::rules(const std::string& chain) const {
  static const std::vector<TraceRule> none;
  const auto found = rules_.find(chain);
  return found == rules_.end() ? none : found->second;
}

const std::vector<TraceElement>* TraceTable::elements(const std::string& set) {
  const auto known = sets_.find(set);
  if (known == sets_.end()) return nullptr;
  const auto [entry, fresh] = elements_.try_emplace(set);
  if (!fresh) return &entry->second;
  nft::Request request{NFT_MSG_GETSETELEM, family_, {}};
  put_text(request.attributes, NFTA_SET_ELEM_LIST_TABLE, table_);
  put_text(request.attributes, NFTA_SET_ELEM_LIST_SET, set);
  std::vector<Bound> bounds;
  socket_->dump(
      request, [&] { bounds.clear(); },
      [&](std::uint8_t, Bytes message) {
        for_each_attribute(
            find_attribute(message, NFTA_SET_ELEM_LIST_ELEMENTS),
            [&](const Attribute& element) { bounds.push_back(bound_of(element.data)); });
      });
  entry->second = joined(std::move(bounds), (known->second & NFT_SET_INTERVAL) != 0);
  return &entry->second;
}

}  // namespace overland::firewall::trace
