// Engine's networks: asked, and told what becomes of ours.

#include <cerrno>

#include "docker/api.h"
#include "docker/api_facts.h"
#include "docker/engine.h"
#include "docker/network_members.h"
#include "docker/networks.h"

namespace overland::docker {

void Engine::require_running() {
  if (look_up().process) return;
  throw base::Error(base::ErrorKind::kFailure, "no dockerd runs that could be asked");
}

std::vector<model::DockerNetwork> Engine::networks() {
  require_running();
  return parse_networks(
      api_call(places_.socket, {"/networks"}, deadline_.at_most(patience_.answer)));
}

std::vector<model::NetworkMember> Engine::members(const std::string& network) {
  require_running();
  return members_of(network, [&](const ApiRequest& request) {
    return api_call(places_.socket, request, deadline_.at_most(patience_.answer));
  });
}

std::vector<std::string> Engine::containers() {
  require_running();
  return container_ids([&](const ApiRequest& request) {
    return api_call(places_.socket, request, deadline_.at_most(patience_.answer));
  });
}

void Engine::apply(const plan::NetworkStep& step) {
  require_running();
  if (network_fault_) throw base::Error(*network_fault_);
  const auto begin = std::chrono::steady_clock::now();
  const auto gain = [&] {
    deadline_.extend(
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin));
  };
  // The way back has its own time: nobody may be left without a network because the way there took
  // all there was.
  const auto within = [&](const base::Deadline& whole) {
    return [&](const ApiRequest& request) {
      return api_call(places_.socket, request, whole.at_most(patience_.change));
    };
  };
  const base::Deadline there(patience_.network);
  std::optional<base::Deadline> back;
  try {
    carry_out(step, within(there), [&](const ApiRequest& request) {
      if (!back) back.emplace(patience_.network);
      return within(*back)(request);
    });
  } catch (const base::Error& error) {
    gain();
    if (error.errno_value() == ETIMEDOUT) network_fault_ = error;
    throw;
  }
  gain();
}

}  // namespace overland::docker
