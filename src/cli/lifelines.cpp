#include "cli/lifelines.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "kernel/default_gateways.h"

namespace overland::cli {
namespace {

using model::Address;
using model::Lifeline;
using model::LifelineKind;

/// The name Docker gives the bridges of its networks; they are not in the facts while it is down.
bool named_by_docker(const std::string& name) {
  constexpr std::string_view kStart = "br-";
  constexpr std::size_t kDigits = 12;
  return name.size() == kStart.size() + kDigits && name.starts_with(kStart) &&
         name.find_first_not_of("0123456789abcdef", kStart.size()) == std::string::npos;
}

bool belongs_to_docker(const model::LinkFacts& link, const model::DockerFacts& docker) {
  if (link.bridge && named_by_docker(link.name)) return true;
  return std::any_of(docker.networks.begin(), docker.networks.end(),
                     [&](const auto& network) { return network.link == link.name; });
}

bool is_link_of(const std::vector<model::Network>& networks, const std::string& name) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const model::Network& one) { return one.link == name; });
}

/// A configuration file that cannot be read names no lifeline: it must not stop an apply.
std::string text_of(const std::string& file) {
  constexpr std::size_t kLimit = std::size_t{1} << 20U;
  try {
    return base::read_file(file, kLimit).value_or("");
  } catch (const base::Error& error) {
    spdlog::debug("{}", error.what());
    return {};
  }
}

void add_name_servers(std::vector<Lifeline>& lifelines) {
  // systemd-resolved.service(8): the stub 127.0.0.53 stands for the servers of the second file.
  for (const char* file : {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"}) {
    for (const auto& server : name_servers(text_of(file))) {
      lifelines.push_back({LifelineKind::kResolver, server, file});
    }
  }
}

/// 0 where there is none or it cannot be told.
pid_t parent_of(pid_t pid) {
  const std::string text = text_of("/proc/" + std::to_string(pid) + "/stat");
  // The second field is the program's name in parentheses, and may hold anything.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(text.substr(name_end + 1));
  std::string state;
  pid_t parent = 0;
  rest >> state >> parent;
  return rest ? parent : 0;
}

/// sudo(8) drops SSH_CONNECTION: an ancestor, the login shell, still has it.
void add_ssh_peer(std::vector<Lifeline>& lifelines) {
  constexpr int kGenerations = 64;
  pid_t pid = ::getpid();
  for (int i = 0; i < kGenerations && pid > 0; ++i, pid = parent_of(pid)) {
    const auto peer = ssh_peer(text_of("/proc/" + std::to_string(pid) + "/environ"));
    if (!peer) continue;
    lifelines.push_back(
        {LifelineKind::kSshPeer, *peer, "SSH_CONNECTION of process " + std::to_string(pid)});
    return;
  }
}

}  // namespace

std::vector<Address> name_servers(std::string_view resolv_conf) {
  std::vector<Address> servers;
  std::istringstream lines{std::string(resolv_conf)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword;
    std::string value;
    if (!(words >> keyword >> value) || keyword != "nameserver") continue;
    if (const auto address = Address::parse(value)) servers.push_back(*address);
  }
  return servers;
}

std::optional<Address> ssh_peer(std::string_view environment) {
  constexpr std::string_view kName = "SSH_CONNECTION=";
  while (!environment.empty()) {
    const auto entry = environment.substr(0, environment.find('\0'));
    if (entry.starts_with(kName)) {
      const auto value = entry.substr(kName.size());
      return Address::parse(value.substr(0, value.find(' ')));
    }
    environment.remove_prefix(std::min(entry.size() + 1, environment.size()));
  }
  return std::nullopt;
}

std::vector<Lifeline> own_addresses(const model::HostFacts& facts, const std::string& bridge,
                                    const std::vector<model::Network>& networks) {
  std::vector<Lifeline> own;
  for (const auto& link : facts.links) {
    if (link.name == bridge || link.ours || belongs_to_docker(link, facts.docker)) continue;
    if (link.bridge && !link.wired && is_link_of(networks, link.name)) continue;
    for (const auto& one : link.addresses) {
      own.push_back({LifelineKind::kOwnAddress, one.address, "link " + link.name});
    }
  }
  return own;
}

std::vector<Lifeline> find_lifelines(const model::HostFacts& facts, const std::string& bridge,
                                     const std::vector<model::Network>& networks) {
  std::vector<Lifeline> lifelines = own_addresses(facts, bridge, networks);
  for (const auto& gateway : kernel::default_gateways()) {
    lifelines.push_back({LifelineKind::kGateway, gateway, "main table"});
  }
  add_name_servers(lifelines);
  add_ssh_peer(lifelines);
  std::sort(lifelines.begin(), lifelines.end());
  const auto same = [](const Lifeline& left, const Lifeline& right) {
    return left.kind == right.kind && left.address == right.address;
  };
  lifelines.erase(std::unique(lifelines.begin(), lifelines.end(), same), lifelines.end());
  return lifelines;
}

}  // namespace overland::cli
