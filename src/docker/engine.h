#pragma once
// Docker on this machine, seen through its process, its API, its start-up flags and its
// daemon.json. Looking never starts a stopped Docker. Nothing is kept between calls.

#include <chrono>
#include <optional>
#include <string>

#include "docker/startup.h"
#include "host/ports.h"

namespace overland::docker {

struct Patience {
  std::chrono::milliseconds answer{5000};    // for one answer of the API
  std::chrono::seconds stop_and_start{180};  // for systemd's job, or the init script
  std::chrono::seconds ready{90};            // until the API answers after a restart
};

class Engine : public host::Docker {
 public:
  explicit Engine(Places places = {}, Patience patience = {});

  model::DockerFacts facts() override;
  model::DaemonKeys read(const model::DaemonKeys& wanted) override;
  /// Also throws kUnsupported where this dockerd is too old for a key, and kInvalid where dockerd
  /// itself (23.0 and later) finds fault with the result; then nothing was written. Does not look
  /// at the mode: planning such a step is the decision.
  void apply(const plan::DockerStep& step) override;
  std::optional<std::string> file() override;
  void restore_file(const std::optional<std::string>& original) override;
  /// Through systemd where that runs, else through the init script.
  void restart() override;

 private:
  /// The text of daemon.json, checked as far as `startup` matters; nullopt where there is no file.
  std::optional<std::string> load(const Startup& startup);
  void await_answer(const std::string& previous_instance);

  Places places_;
  Patience patience_;
};

}  // namespace overland::docker
