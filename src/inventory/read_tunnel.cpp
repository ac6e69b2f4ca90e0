// [tunnel].

#include <cstdint>
#include <string>

#include "inventory/read_parts.h"

namespace overland::inventory {
namespace {

/// The number where it is given and in range; its range is in the table of keys.
template <typename Number>
void read_number(Fields& fields, std::string_view name, Number& number, Report& report,
                 Position* place = nullptr) {
  const auto given = fields.number(name);
  if (!given) return;
  if (place != nullptr) *place = given->at;
  for (const Key& key : kTunnelKeys) {
    if (key.name != name) continue;
    if (given->value >= key.least && given->value <= key.most) {
      number = static_cast<std::uint32_t>(given->value);
      return;
    }
    report.add(
        Code::kTunnelRange, given->at, std::string(name) + " is " + std::to_string(given->value),
        "write a number from " + std::to_string(key.least) + " to " + std::to_string(key.most));
  }
}

void read_names(Fields& fields, TunnelPlaces& places, Report& report) {
  places.only = fields.has("only");
  places.complete = !fields.misspelt("only") && !fields.misspelt("exclude");
  if (places.only && fields.has("exclude")) {
    places.complete = false;
    report.add(Code::kTunnelNames, fields.key_at("exclude"), "[tunnel] has both only and exclude",
               "keep one: only names those that have tunnels, exclude those that have none");
    return;
  }
  for (Text& text : fields.texts(places.only ? "only" : "exclude", places.complete)) {
    places.names.push_back({std::move(text.value), text.at});
  }
}

}  // namespace

void read_tunnel(Fields& top, Draft& draft, Report& report) {
  toml::table* const table = top.table("tunnel");
  if (table == nullptr) {
    draft.tunnel.complete = !top.has("tunnel") && !top.misspelt("tunnel");
    return;
  }
  Fields fields(*table, "[tunnel]", kTunnelKeys, report);
  Tunnel& tunnel = draft.inventory.tunnel.emplace();
  draft.tunnel.section = draft.tunnel.vni = fields.at();
  if (fields.require("type", "type = \"vxlan\"")) {
    if (const auto type = fields.choice<TunnelType>("type")) tunnel.type = type->value;
  }
  read_number(fields, "vni", tunnel.vni, report, &draft.tunnel.vni);
  std::uint32_t port = tunnel.port;
  read_number(fields, "port", port, report);
  tunnel.port = static_cast<std::uint16_t>(port);
  std::optional<std::uint32_t> mtu;
  read_number(fields, "mtu", mtu, report);
  if (mtu) tunnel.mtu = static_cast<std::uint16_t>(*mtu);
  if (const auto always = fields.flag("always")) tunnel.always = always->value;
  read_names(fields, draft.tunnel, report);
  fields.report_unknown();
}

}  // namespace overland::inventory
