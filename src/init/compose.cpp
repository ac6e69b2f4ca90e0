#include "init/compose.h"

#include <algorithm>

namespace overland::init {
namespace {

constexpr std::size_t kWidth = 110;  // of a line

/// One that nothing in it can end.
std::string harmless(const std::string& text) {
  std::string result = text;
  for (char& c : result) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return result;
}

void remark(std::string& out, const std::string& text) {
  std::string rest = harmless(text);
  for (;;) {
    const std::size_t cut = rest.size() <= kWidth ? std::string::npos : rest.rfind(' ', kWidth);
    if (cut == std::string::npos || cut == 0) break;
    out += "# " + rest.substr(0, cut) + "\n";
    rest = rest.substr(cut + 1);
  }
  out += "# " + rest + "\n";
}

std::string quoted(const std::string& value) { return "\"" + value + "\""; }

void write_segment(std::string& out, const LaidSegment& segment) {
  out += "\n[[segment]]\nname   = " + quoted(segment.name) +
         "\nsubnet = " + quoted(segment.subnet.to_string()) + "\n";
}

void write_host(std::string& out, const LaidHost& host) {
  out += "\n";
  for (const std::string& one : host.remarks) remark(out, host.name + ": " + one);
  out += "[[host]]\nname    = " + quoted(host.name) + "\naddress = ";
  if (host.addresses.size() == 1) {
    out += quoted(host.addresses.front().to_string());
  } else {
    for (std::size_t i = 0; i < host.addresses.size(); ++i) {
      out += (i == 0 ? "[" : ", ") + quoted(host.addresses[i].to_string());
    }
    out += "]";
  }
  out += "\n";
  if (host.bip) out += "bip     = " + quoted(host.bip->to_string()) + "\n";
  if (host.bip && !host.found->bridge.empty()) {
    // dockerd refuses a bip in daemon.json beside a bridge.
    out += "bridge  = " + quoted(host.found->bridge) + "\ndaemon_json = \"off\"\n";
  }
  if (host.router) out += "router  = true\n";
}

void write_network(std::string& out, const LaidNetwork& network) {
  out += "\n";
  if (!network.why_not.empty()) {
    remark(out, "Network " + network.name.substr(0, 64) + " (" + network.driver.substr(0, 64) +
                    ") is left out: " + network.why_not + ".");
  }
  if (!is_network_name(network.name) || network.driver != "bridge") return;
  const std::string begin = network.why_not.empty() ? "" : "# ";
  out += begin + "[[network]]\n" + begin + "name   = " + quoted(network.name) + "\n" + begin +
         "driver = \"bridge\"\n" + begin + "manage = \"follow\"\n" + begin + "[network.subnets]\n";
  for (const auto& part : network.parts) {
    out += begin + quoted(part.host) + " = " + quoted(part.subnet.to_string()) + "\n";
  }
}

}  // namespace

std::string compose(const Layout& layout) {
  std::string out =
      "# Made by `overland init` from what these hosts say of themselves. Read it, then\n"
      "# `overland validate` it. What is guessed has a remark.\n";
  for (const std::string& one : layout.left_out) remark(out, "NOT HERE: " + one);
  for (const std::string& one : layout.remarks) remark(out, one);
  out += "version = 1\n";
  if (layout.pool) out += "\n[cluster]\npool = " + quoted(layout.pool->to_string()) + "\n";
  for (const LaidSegment& segment : layout.segments) write_segment(out, segment);
  for (const LaidNetwork& network : layout.networks) write_network(out, network);
  for (const LaidHost& host : layout.hosts) write_host(out, host);
  return out;
}

}  // namespace overland::init
