#pragma once
// A systemd that is not there: answers on a D-Bus socket of its own as PID 1 does on
// /run/systemd/private, as far as docker.service is concerned.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace overland::tests {

struct FakeUnit {
  std::string load_state = "loaded";
  bool snap = false;                // docker.service is not there, the snap's unit is
  std::string job_result = "done";  // empty: the job never ends
  std::string result = "success";
  std::string program = "/usr/sbin/dockerd";
  std::string environment_file = {};  // where $DOCKER_OPTS of ExecStart comes from
  std::uint32_t main_pid = 0;
  std::string triggered_by = {};          // "docker.socket"
  std::function<void()> on_restart = {};  // what a restart does to the machine
};

class FakeSystemd {
 public:
  FakeSystemd(const std::filesystem::path& socket, FakeUnit unit)
      : unit_(std::move(unit)),
        address_("unix:path=" + socket.string()),
        listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    thread_ = std::thread([this] { serve(); });
  }
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;
  ~FakeSystemd() {
    ending_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    std::filesystem::remove(address_.substr(sizeof "unix:path=" - 1));
  }

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  void serve() {
    for (;;) {
      const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (client < 0) return;
      sd_bus* bus = nullptr;
      EXPECT_GE(::sd_bus_new(&bus), 0);
      EXPECT_GE(::sd_bus_set_fd(bus, client, client), 0);
      EXPECT_GE(::sd_bus_set_server(bus, 1, sd_id128_t{{1}}), 0);
      EXPECT_GE(::sd_bus_set_sender(bus, "org.freedesktop.systemd1"), 0);
      EXPECT_GE(::sd_bus_add_filter(bus, nullptr, on_message, this), 0);
      EXPECT_GE(::sd_bus_start(bus), 0);
      for (int status = 0; status >= 0 && !ending_;) {
        status = ::sd_bus_process(bus, nullptr);
        if (status == 0) ::sd_bus_wait(bus, 10'000);
      }
      ::sd_bus_flush_close_unref(bus);
    }
  }

  static int on_message(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
    return static_cast<FakeSystemd*>(data)->answer(message);
  }

  int answer(sd_bus_message* message) {
    const auto is = [&](const char* member) {
      return ::sd_bus_message_is_method_call(message, nullptr, member) > 0;
    };
    if (is("LoadUnit")) {
      const char* name = nullptr;
      if (::sd_bus_message_read(message, "s", &name) < 0) return 0;
      return ::sd_bus_reply_method_return(
          message, "o", std::string(name) == "docker.service" ? "/unit/docker" : "/unit/snap");
    }
    if (is("Subscribe")) return ::sd_bus_reply_method_return(message, nullptr);
    if (is("RestartUnit")) return restart(message);
    if (!is("Get")) return 0;
    const char* interface = nullptr;
    const char* name = nullptr;
    if (::sd_bus_message_read(message, "ss", &interface, &name) < 0) return 0;
    return property(message, name);
  }

  int property(sd_bus_message* message, const std::string& name) const {
    if (name == "LoadState") {
      const bool snap = std::string(::sd_bus_message_get_path(message)) == "/unit/snap";
      return ::sd_bus_reply_method_return(
          message, "v", "s", snap == unit_.snap ? unit_.load_state.c_str() : "not-found");
    }
    if (name == "Result") {
      return ::sd_bus_reply_method_return(message, "v", "s", unit_.result.c_str());
    }
    if (name == "MainPID") return ::sd_bus_reply_method_return(message, "v", "u", unit_.main_pid);
    if (name == "TriggeredBy") {
      return ::sd_bus_reply_method_return(message, "v", "as", unit_.triggered_by.empty() ? 0 : 1,
                                          unit_.triggered_by.c_str());
    }
    if (name == "Environment") {
      return ::sd_bus_reply_method_return(message, "v", "as", 1, "BRIDGE=br7");
    }
    if (name == "EnvironmentFiles") {
      return ::sd_bus_reply_method_return(message, "v", "a(sb)",
                                          unit_.environment_file.empty() ? 0 : 1,
                                          unit_.environment_file.c_str(), 1);
    }
    constexpr std::uint64_t kNever = 0;
    return ::sd_bus_reply_method_return(
        message, "v", "a(sasbttttuii)", 1, unit_.program.c_str(), 5, "dockerd", "-H", "fd://",
        "--bridge=${BRIDGE}", "$DOCKER_OPTS", 0, kNever, kNever, kNever, kNever, 0U, 0, 0);
  }

  int restart(sd_bus_message* message) {
    sd_bus* bus = ::sd_bus_message_get_bus(message);
    const char* name = nullptr;
    if (::sd_bus_message_read(message, "s", &name) < 0) return 0;
    EXPECT_EQ(std::string(name), unit_.snap ? "snap.docker.dockerd.service" : "docker.service");
    if (unit_.on_restart) unit_.on_restart();
    // Another job's end comes first, and the reply may come after our own job has ended.
    removed(bus, "/job/1", "failed");
    const int status = ::sd_bus_reply_method_return(message, "o", "/job/2");
    if (!unit_.job_result.empty()) removed(bus, "/job/2", unit_.job_result);
    return status < 0 ? status : 1;
  }

  static void removed(sd_bus* bus, const char* job, const std::string& result) {
    ::sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                         "JobRemoved", "uoss", 7U, job, "docker.service", result.c_str());
  }

  FakeUnit unit_;
  std::string address_;
  base::UniqueFd listener_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace overland::tests
