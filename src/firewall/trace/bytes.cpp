#include "firewall/trace/bytes.h"

#include <algorithm>

namespace overland::firewall::trace {
namespace {

Answer doubt_in(const TraceBytes& value, std::size_t size) {
  Answer worst = Answer::kYes;
  for (std::size_t i = 0; i < size; ++i) {
    if (value[i].known != 0xff) worst = std::max(worst, value[i].doubt);
  }
  return worst;
}

}  // namespace

Answer both(Answer a, Answer b) {
  if (a == Answer::kNo || b == Answer::kNo) return Answer::kNo;
  return std::max(a, b);
}

Answer opposite(Answer answer) {
  if (answer == Answer::kYes) return Answer::kNo;
  return answer == Answer::kNo ? Answer::kYes : answer;
}

TraceBytes known_bytes(Bytes bytes) {
  TraceBytes result;
  for (const std::uint8_t byte : bytes) result.push_back({byte, 0xff, Answer::kMaybe});
  return result;
}

TraceBytes unknown_bytes(std::size_t size, Answer doubt) {
  return TraceBytes(size, TraceByte{0, 0, doubt});
}

TraceBytes changed_bits(TraceBytes value, Bytes kept, Bytes toggled) {
  value.resize(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    TraceByte& byte = value[i];
    byte.known = static_cast<std::uint8_t>(byte.known | ~kept[i]);
    byte.value = static_cast<std::uint8_t>(((byte.value & kept[i]) ^ toggled[i]) & byte.known);
  }
  return value;
}

TraceBytes either(const TraceBytes& before, const TraceBytes& now, Answer answer) {
  if (answer == Answer::kYes) return now;
  if (answer == Answer::kNo) return before;
  TraceBytes result = before;
  for (std::size_t i = 0; i < result.size() && i < now.size(); ++i) {
    const auto same = static_cast<std::uint8_t>(~(before[i].value ^ now[i].value));
    result[i].known = static_cast<std::uint8_t>(before[i].known & now[i].known & same);
    result[i].value = static_cast<std::uint8_t>(before[i].value & result[i].known);
    result[i].doubt = answer;
  }
  return result;
}

Answer equals(const TraceBytes& value, Bytes expected) {
  if (value.size() < expected.size()) return Answer::kMaybe;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if ((value[i].value & value[i].known) != (expected[i] & value[i].known)) return Answer::kNo;
  }
  return doubt_in(value, expected.size());
}

Answer within(const TraceBytes& value, Bytes first, Bytes last) {
  if (value.size() < first.size() || first.size() != last.size()) return Answer::kMaybe;
  std::vector<std::uint8_t> least;
  std::vector<std::uint8_t> most;
  for (std::size_t i = 0; i < first.size(); ++i) {
    least.push_back(value[i].value);
    most.push_back(static_cast<std::uint8_t>(value[i].value | ~value[i].known));
  }
  const auto less = [](const auto& a, const auto& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  };
  if (less(most, first) || less(last, least)) return Answer::kNo;
  if (!less(least, first) && !less(last, most)) return Answer::kYes;
  return doubt_in(value, first.size());
}

}  // namespace overland::firewall::trace
