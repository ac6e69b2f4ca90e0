#pragma once
// Docker on this machine, seen through its process, its API, its start-up flags and its
// daemon.json, and told of networks of ours. Looking never starts a stopped Docker. Of one call
// nothing is kept for the next but who did not answer in time: nobody is waited for twice in a run,
// until Docker is restarted.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "base/exchange_file.h"
#include "docker/bridge_use.h"
#include "docker/startup.h"
#include "docker/told_unit.h"
#include "host/ports.h"

namespace overland::docker {

struct Patience {
  std::chrono::milliseconds answer{5000};   // for one answer of the API, or of systemd
  std::chrono::milliseconds change{30000};  // for one request that changes a network
  std::chrono::milliseconds network{
      120000};  // for all those of one step, and again for the way back
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

  /// Over the bytes of daemon.json as facts() saw them last; 0: it could not read them.
  [[nodiscard]] std::uint64_t file_sum() const { return file_sum_; }
  /// What systemd told of docker.service last, as one line; empty: it was not asked.
  [[nodiscard]] std::string unit_told() const;
  /// Takes such a line for systemd's word as long as no file has changed since that the word was
  /// made from: asking takes libraries, and ten times as long as all the rest of a look.
  void trust_unit(const std::string& told);

  model::DockerFacts facts() override;
  model::DaemonKeys read(const model::DaemonKeys& wanted) override;
  /// Also throws kUnsupported where this dockerd is too old for a key, kInvalid where dockerd
  /// itself (23.0 and later) finds fault with the result, and kFailure where it is not known which
  /// file dockerd reads, or where somebody else changed that meanwhile; then nothing was written.
  /// Does not look at the mode: planning such a step is the decision.
  void apply(const plan::DockerStep& step) override;
  /// Who uses Docker's own bridge, with the processes of the first `most` containers. Nobody where
  /// no dockerd runs. Throws where it does not answer.
  BridgeUse bridge_use(std::size_t most);
  std::optional<std::string> file() override;
  void restore_file(const std::optional<std::string>& original) override;
  /// Through systemd where that runs, else through the init script. What it takes, the deadline
  /// gains.
  void restart() override;
  std::vector<model::DockerNetwork> networks() override;
  std::vector<model::NetworkMember> members(const std::string& network) override;
  std::vector<std::string> containers() override;
  /// What it takes, the deadline gains.
  void apply(const plan::NetworkStep& step) override;

 private:
  struct File {
    base::TrustedPlace place;
    base::FileContent now;
  };

  Startup look_up();
  /// Throws where no dockerd runs.
  void require_running();
  std::optional<UnitCommand> ask_unit();
  /// Throws where the API does not answer, with what it told so far in `facts`.
  void ask_api(model::DockerFacts& facts);
  std::string version_of(const Startup& startup);
  /// As look_up(), for writing; throws kFailure where something about it is unknown.
  Startup look_up_surely();
  /// daemon.json, checked as far as `startup` matters.
  File load(const Startup& startup);
  /// Throws kFailure where the file is not what `file` says any more.
  static void write(File& file, const Startup& startup, const std::optional<std::string>& after);
  void carry_out_restart(const Startup& startup);
  void await_answer(const std::string& previous_instance,
                    const std::vector<std::filesystem::path>& programs);
  [[nodiscard]] bool answers(const base::Deadline& ready) const;

  base::Deadline& deadline_;
  Places places_;
  Patience patience_;
  std::uint64_t file_sum_ = 0;
  std::optional<ToldUnit> told_unit_;
  std::optional<ToldUnit> trusted_unit_;
  // Who was waited for in vain, and why.
  std::optional<base::Error> systemd_fault_;
  std::optional<base::Error> api_fault_;
  std::optional<base::Error> network_fault_;
  std::optional<base::Error> program_fault_;
};

}  // namespace overland::docker
