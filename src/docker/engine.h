#pragma once
// Docker on this machine, seen through its process, its API, its start-up flags and its
// daemon.json. Looking never starts a stopped Docker. Of one call nothing is kept for the next but
// who did not answer in time: nobody is waited for twice in a run, until Docker is restarted.

#include <chrono>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "base/exchange_file.h"
#include "docker/startup.h"
#include "host/ports.h"

namespace overland::docker {

struct Patience {
  std::chrono::milliseconds answer{5000};    // for one answer of the API, or of systemd
  std::chrono::milliseconds program{10000};  // for `dockerd --version`, while the machine boots
  std::chrono::seconds stop_and_start{180};  // for systemd's job, or the init script
  std::chrono::seconds ready{90};            // until the API answers after a restart
};

class Engine : public host::Docker {
 public:
  /// All waiting but that for a restart ends with `deadline`.
  explicit Engine(base::Deadline& deadline, Places places = {}, Patience patience = {});

  /// Before all others: the program that is dockerd, by a path of the inventory's.
  void prefer(const std::filesystem::path& program);

  model::DockerFacts facts() override;
  model::DaemonKeys read(const model::DaemonKeys& wanted) override;
  /// Also throws kUnsupported where this dockerd is too old for a key, kInvalid where dockerd
  /// itself (23.0 and later) finds fault with the result, and kFailure where it is not known which
  /// file dockerd reads, or where somebody else changed that meanwhile; then nothing was written.
  /// Does not look at the mode: planning such a step is the decision.
  void apply(const plan::DockerStep& step) override;
  std::optional<std::string> file() override;
  void restore_file(const std::optional<std::string>& original) override;
  /// Through systemd where that runs, else through the init script. What it takes, the deadline
  /// gains.
  void restart() override;

 private:
  struct File {
    base::TrustedPlace place;
    base::FileContent now;
  };

  Startup look_up();
  std::optional<UnitCommand> ask_unit();
  /// Throws where the API does not answer, with what it told so far in `facts`.
  void ask_api(model::DockerFacts& facts);
  std::string version_of(const Startup& startup);
  /// As look_up(), for writing; throws kFailure where something about it is unknown.
  Startup look_up_surely();
  /// daemon.json, checked as far as `startup` matters.
  File load(const Startup& startup);
  /// Throws kFailure where the file is not what `file` says any more.
  void write(File& file, const Startup& startup, const std::optional<std::string>& after) const;
  void carry_out_restart(const Startup& startup);
  void await_answer(const std::string& previous_instance,
                    const std::vector<std::filesystem::path>& programs);
  [[nodiscard]] bool answers(const base::Deadline& ready) const;

  base::Deadline& deadline_;
  Places places_;
  Patience patience_;
  // Who was waited for in vain, and why.
  std::optional<base::Error> systemd_fault_;
  std::optional<base::Error> api_fault_;
  std::optional<base::Error> program_fault_;
};

}  // namespace overland::docker
