// The keys of a [[network]] with driver = "macvlan" or "ipvlan".

#include "inventory/network_reader.h"

namespace overland::inventory {
void NetworkReader::read_macvlan() {
  if (!both("segment", "parent")) {
    if (absent("parent")) {
      require("segment", "segment = \"lan\", or parent = \"eth0\" with a subnet");
    }
    read_segment();
    read_parent();
  }
  read_subnet();
  read_pieces("ranges", "range and range_length, or ranges = { docker-200 = \"10.0.0.128/28\" }",
              "range", "range_length");
  read_shim();
  read_gateway();
  read_reserve();
}

void NetworkReader::read_mode() {
  network_.mode = name_of(model::IpvlanMode::kL2);
  const auto mode = fields_.choice<model::IpvlanMode>("mode");
  places_.complete = places_.complete && (mode || absent("mode"));
  if (!mode) return;
  network_.mode = name_of(mode->value);
  if (mode->value != model::IpvlanMode::kL3) return;
  report_.add(Code::kIpvlanReplies, mode->at,
              "mode \"l3\" hears only who is trusted: replies from beyond the cluster do not "
              "reach the containers",
              "choose mode = \"l3s\" where they are to reach more than the cluster");
}

void NetworkReader::read_routed_ipvlan() {
  if (!both("segment", "parent")) {
    if (absent("parent")) require("segment", "segment = \"lan\", or parent = \"eth0\"");
    read_segment();
    read_parent();
  }
  read_subnets();
  read_reach();
  read_shim();
  read_reserve();
}

void NetworkReader::read_subnet() {
  if (const auto text = fields_.text("subnet")) {
    places_.subnet_at = text->at;
    places_.subnet = read_prefix(*text, "subnet");
  } else {
    places_.complete = places_.complete && absent("subnet");
  }
}

void NetworkReader::read_segment() {
  const auto text = fields_.text("segment");
  places_.complete = places_.complete && (text || absent("segment"));
  if (!text) return;
  const auto found = segments_.find(text->value);
  if (found != segments_.end()) {
    network_.segment = found->second;
    return;
  }
  places_.complete = false;
  if (!all_segment_names_) return;  // it may name one whose name could not be read
  const std::string meant = suggest_segment(text->value, segments_);
  report_.add(Code::kNetworkSegment, text->at,
              "segment names " + quote(text->value) + ", which is no segment",
              meant.empty() ? "write the name of a [[segment]]" : "did you mean " + meant + "?");
}

void NetworkReader::read_parent() {
  auto parent = fields_.text("parent");
  if (!parent) {
    places_.complete = places_.complete && absent("parent");
    return;
  }
  places_.parent = parent->at;
  if (check_interface_name(*parent, "parent", report_)) {
    network_.parent = std::move(parent->value);
    if (network_.has_own_subnets()) return;
    require("subnet", "subnet = \"10.0.0.0/24\", or segment in place of parent");
  } else {
    places_.complete = false;
  }
}

void NetworkReader::read_shim() {
  if (!fields_.has("shim")) return;
  places_.shim = fields_.key_at("shim");
  if (fields_.holds_table("shim")) {
    network_.shim = true;
    read_table("shim", "docker-200 = \"10.0.0.129\"",
               [&](std::string host, Position at, const Text& text) {
                 const auto address = read_address(text, "shim of " + quote(host), report_);
                 places_.complete = places_.complete && address;
                 if (address) places_.shims.push_back({std::move(host), at, {}, address});
               });
  } else if (const auto shim = fields_.flag("shim")) {
    network_.shim = shim->value;
    shim_denied_ = !shim->value;
  } else {
    places_.complete = false;
  }
}

void NetworkReader::read_gateway() {
  if (!fields_.has("gateway")) {
    // Without one Docker picks an address of the range for it, where nobody answers.
    const bool needed = !network_.internal && !follows();
    if (needed) require("gateway", "gateway = \"router\", \"shim\", or an address");
    return;
  }
  const auto text = fields_.text("gateway");
  places_.gateway = text ? text->at : fields_.key_at("gateway");
  places_.complete = places_.complete && text;
  if (!text) return;
  if (text->value == "router") {
    network_.gateway = Gateway::kRouter;
  } else if (text->value == "shim" && !network_.mode.empty()) {
    report_.add(
        Code::kNetworkKey, text->at,
        "gateway is the shim, and what others send to ipvlan containers by their host passes "
        "no packet filter of it",
        "write mode = \"l3s\", which is routed and guarded, or name a router");
    places_.complete = false;
  } else if (text->value == "shim") {
    network_.gateway = Gateway::kShim;
    if (!fields_.has("shim")) {
      network_.shim = true;
      places_.shim = text->at;
    } else if (shim_denied_) {
      report_.add(Code::kNetworkTwoWays, text->at,
                  "gateway is the shim, and shim = false (" + report_.line(places_.shim) + ")",
                  "remove shim = false, or name another gateway");
      places_.complete = false;
    }
  } else if (!model::Address::parse(text->value)) {
    report_.add(Code::kAddressSyntax, text->at,
                "gateway " + quote(text->value) + " is neither a word known here nor an address",
                "write \"router\", \"shim\", or an address like \"10.0.0.254\"");
    places_.complete = false;
  } else {
    network_.gateway = Gateway::kAddress;
    places_.gateway_address = read_address(*text, "gateway", report_);
    places_.complete = places_.complete && places_.gateway_address;
  }
}

void NetworkReader::read_reserve() {
  bool complete = true;
  for (const Text& text : fields_.texts("reserve", complete)) {
    const auto address = read_address(text, "reserve", report_);
    complete = complete && address;
    if (address) places_.reserve.push_back({*address, text.at});
  }
  places_.complete = places_.complete && complete;
}

}  // namespace overland::inventory
