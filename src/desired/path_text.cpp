// A path in words.

#include <algorithm>

#include "desired/path.h"
#include "model/link.h"

namespace overland::desired {
namespace {

std::string join(const std::vector<model::Address>& addresses) {
  std::string text;
  for (const auto& address : addresses) text += (text.empty() ? "" : ", ") + address.to_string();
  return text;
}

std::string target(const Stage& stage) {
  const std::string next = stage.next.to_string();
  return next == stage.to ? next : next + " (" + stage.to + ")";
}

std::string outer(const Outer& tunnel) {
  return "by tunnel, VNI " + std::to_string(tunnel.vni) + ", outer " + tunnel.from.to_string() +
         " -> " + tunnel.to.to_string() + ", UDP port " + std::to_string(tunnel.port) + ", MTU " +
         (tunnel.mtu ? std::to_string(*tunnel.mtu) + " or less"
                     : std::to_string(model::kVxlanOverhead) + " below that of the link with " +
                           tunnel.from.to_string());
}

std::string arrival(const Endpoint& from, const Path& there) {
  if (!there.refused.empty()) return "But " + there.refused + ".\n";
  if (!there.masquerader.empty()) {
    return "It arrives with an address of " + there.masquerader + ", which masquerades it.\n";
  }
  const auto& source = there.source.value_or(from.address);
  return "It arrives with the source address " + source.to_string() + ".\n";
}

void add_stages(const Path& path, std::string& text) {
  std::size_t widest = 0;
  for (const auto& stage : path.stages) widest = std::max(widest, stage.from.size());
  std::size_t number = 0;
  for (const auto& stage : path.stages) {
    std::string count = std::to_string(++number);
    text += std::string(count.size() < 3 ? 3 - count.size() : 0, ' ') + count + "  " + stage.from +
            std::string(widest - stage.from.size(), ' ') + " -> " + target(stage) + "  over " +
            stage.medium + "\n";
    text += "       " + stage.why + "\n";
    if (stage.tunnel) text += "       " + outer(*stage.tunnel) + "\n";
    if (!stage.equals.empty()) text += "       shared with all of: " + join(stage.equals) + "\n";
  }
  if (!path.stuck.empty()) text += "     there it ends: " + path.stuck + "\n";
}

}  // namespace

std::string render_path(const inventory::Inventory& inventory, const Endpoint& from,
                        const Endpoint& to, const Path& there, const Path& back) {
  std::string text = show(inventory, from) + " to " + show(inventory, to) + "\n\n";
  add_stages(there, text);
  if (there.stages.empty() && there.stuck.empty()) text += "  It does not leave the host.\n";
  if (!there.stuck.empty()) return text;
  text += "\n";
  text += arrival(from, there);
  if (same_way(there, back)) {
    text += "The way back is the same.\n";
  } else {
    text += "\nThe way back differs, so that links with strict rp_filter may drop it:\n\n";
    add_stages(back, text);
  }
  return text;
}

}  // namespace overland::desired
