#include "firewall/trace_match.h"

#include <algorithm>
#include <string>

namespace overland::firewall {
namespace {

using Json = nlohmann::json;
using model::Prefix;

Answer opposite(Answer answer) {
  if (answer == Answer::kYes) return Answer::kNo;
  return answer == Answer::kNo ? Answer::kYes : answer;
}

Answer yes_if(bool condition) { return condition ? Answer::kYes : Answer::kNo; }

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The values on the right: one, a list of them, or an anonymous set.
Json values_of(const Json& right) {
  if (right.is_array()) return right;
  if (right.is_object() && right.contains("set") && right["set"].is_array()) return right["set"];
  return Json::array({right});
}

bool is_named_set(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().starts_with("@");
}

/// "eth*" stands for every name with that beginning.
bool same_link(const std::string& pattern, const std::string& link) {
  if (!pattern.ends_with("*")) return pattern == link;
  return link.starts_with(pattern.substr(0, pattern.size() - 1));
}

Answer match_link(const Json& right, const std::string& link) {
  if (link.empty()) return Answer::kUnsure;
  for (const Json& value : values_of(right)) {
    if (is_named_set(value)) return Answer::kUnsure;
    if (value.is_string() && same_link(value.get<std::string>(), link)) return Answer::kYes;
  }
  return Answer::kNo;
}

/// "10.0.0.1", {"prefix": {"addr": "10.0.0.0", "len": 8}}; nullopt: a range, a set's name, ….
std::optional<Prefix> prefix_of(const Json& value) {
  if (value.is_string()) return Prefix::parse(value.get<std::string>() + "/32");
  if (!value.is_object() || !value.contains("prefix")) return std::nullopt;
  const Json& prefix = value["prefix"];
  return Prefix::parse(text(prefix, "addr") + "/" + std::to_string(prefix.value("len", 0)));
}

Answer match_address(const Json& right, const Prefix& address) {
  Answer answer = Answer::kNo;
  for (const Json& value : values_of(right)) {
    const auto prefix = prefix_of(value);
    if (prefix && prefix->contains(address)) return Answer::kYes;
    if (!prefix || prefix->overlaps(address)) answer = Answer::kUnsure;
  }
  return answer;
}

Answer match_mark(const Json& right, std::uint32_t mark) {
  for (const Json& value : values_of(right)) {
    if (!value.is_number_integer()) return Answer::kUnsure;
    if (value.get<std::int64_t>() == mark) return Answer::kYes;
  }
  return Answer::kNo;
}

/// The start of a connection that nobody translates.
Answer match_connection(const std::string& key, const Json& right) {
  if (key != "state" && key != "status") return Answer::kOpen;
  const Json values = values_of(right);
  return yes_if(key == "state" && std::find(values.begin(), values.end(), "new") != values.end());
}

Answer match_meta(const std::string& key, const Json& right, const TracedPacket& packet) {
  if (key == "iifname" || key == "iif") return match_link(right, packet.in);
  if (key == "oifname" || key == "oif") return match_link(right, packet.out);
  if (key == "mark") return match_mark(right, packet.mark);
  if (key == "nfproto") return yes_if(right == "ipv4");
  return Answer::kOpen;
}

Answer match_payload(const Json& payload, const Json& right, const TracedPacket& packet) {
  const std::string protocol = text(payload, "protocol");
  if (protocol == "ip6" || protocol == "icmpv6") return Answer::kNo;
  if (protocol != "ip") return Answer::kOpen;
  const std::string field = text(payload, "field");
  if (field == "saddr") return match_address(right, packet.source);
  if (field == "daddr") return match_address(right, packet.destination);
  return Answer::kOpen;
}

/// meta mark & MASK
std::optional<std::uint32_t> masked_mark(const Json& left, const TracedPacket& packet) {
  const auto found = left.find("&");
  if (found == left.end() || !found->is_array() || found->size() != 2) return std::nullopt;
  const Json& what = (*found)[0];
  const Json& mask = (*found)[1];
  if (!mask.is_number_integer() || !what.is_object() || !what.contains("meta")) return std::nullopt;
  if (text(what["meta"], "key") != "mark") return std::nullopt;
  return packet.mark & static_cast<std::uint32_t>(mask.get<std::int64_t>());
}

Answer match_plain(const Json& left, const Json& right, const TracedPacket& packet) {
  if (!left.is_object()) return Answer::kOpen;
  if (const auto mark = masked_mark(left, packet)) return match_mark(right, *mark);
  if (left.contains("meta")) return match_meta(text(left["meta"], "key"), right, packet);
  if (left.contains("ct")) return match_connection(text(left["ct"], "key"), right);
  if (left.contains("payload")) return match_payload(left["payload"], right, packet);
  return Answer::kOpen;
}

}  // namespace

Answer both(Answer a, Answer b) {
  if (a == Answer::kNo || b == Answer::kNo) return Answer::kNo;
  return std::max(a, b);
}

Answer matches(const Json& match, const TracedPacket& packet) {
  const std::string op = text(match, "op");
  if (op != "==" && op != "!=" && op != "in") return Answer::kOpen;
  const Answer answer =
      match_plain(match.value("left", Json()), match.value("right", Json()), packet);
  return op == "!=" ? opposite(answer) : answer;
}

std::optional<Json> look_up(const Json& vmap, const TracedPacket& packet) {
  const Json key = vmap.value("key", Json());
  const Json data = vmap.value("data", Json());
  if (!key.is_object() || !key.contains("meta")) return std::nullopt;
  if (!data.is_object() || !data.contains("set")) return std::nullopt;
  for (const Json& entry : values_of(data)) {
    if (!entry.is_array() || entry.size() != 2) continue;
    if (match_meta(text(key["meta"], "key"), entry[0], packet) == Answer::kYes) return entry[1];
  }
  return std::nullopt;
}

}  // namespace overland::firewall
