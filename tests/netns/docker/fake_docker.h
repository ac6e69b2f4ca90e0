#pragma once
// A machine with a Docker that is not there: a folder with what procfs, /etc/docker and the init
// script would hold, a dockerd that only answers --version and --validate, and an HTTP server on
// its socket. Each piece can be left out or made to misbehave.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "docker/engine.h"

namespace overland::tests {

/// Answers GET requests on a unix socket until it goes; a silent one accepts and says nothing. A
/// body that starts with "HTTP/" or "RAW" is the whole answer.
class FakeApi {
 public:
  FakeApi(const std::filesystem::path& socket, std::map<std::string, std::string> bodies)
      : bodies_(std::move(bodies)), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(address.sun_path);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    if (!bodies_.empty()) thread_ = std::thread([this] { serve(); });
  }
  FakeApi(const FakeApi&) = delete;
  FakeApi& operator=(const FakeApi&) = delete;
  ~FakeApi() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

  /// Requests answered so far.
  [[nodiscard]] int served() const { return served_; }
  /// Whether anybody connected, with a request or without.
  [[nodiscard]] bool woken() const { return woken_; }

 private:
  void serve() {
    for (;;) {
      const base::UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
      if (!client.valid()) return;
      woken_ = true;
      std::string request;
      while (request.find("\r\n\r\n") == std::string::npos) {
        char chunk[512];
        const ssize_t got = ::read(client.get(), chunk, sizeof chunk);
        if (got <= 0) break;
        request.append(chunk, static_cast<std::size_t>(got));
      }
      if (request.empty()) continue;
      const std::string path = request.substr(4, request.find(' ', 4) - 4);
      const auto found = bodies_.find(path);
      const std::string body =
          found == bodies_.end() ? "{\"message\":\"page not found\"}" : found->second;
      std::string answer = std::string("HTTP/1.1 ") +
                           (found == bodies_.end() ? "404 Not Found" : "200 OK") +
                           "\r\nContent-Length: " + std::to_string(body.size()) +
                           "\r\nConnection: close\r\n\r\n" + body;
      if (body.starts_with("HTTP/") || body.starts_with("RAW")) answer = body;
      ++served_;
      // A client may hang up early, on purpose.
      static_cast<void>(::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
    }
  }

  std::map<std::string, std::string> bodies_;
  base::UniqueFd listener_;
  std::atomic<int> served_ = 0;
  std::atomic<bool> woken_ = false;
  std::thread thread_;
};

/// The folder, and the Places that lead into it.
class FakeMachine {
 public:
  FakeMachine() {
    std::string name = "/tmp/overland-docker-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
    namespaces("self");
    places.socket = root / "docker.sock";
    places.daemon_json = root / "etc/docker/daemon.json";
    places.pidfile = root / "docker.pid";
    places.proc = root / "proc";
    places.defaults = root / "defaults";
    places.systemd = root / "systemd";
    places.service = root / "service";
    places.programs = {root / "dockerd"};
  }
  FakeMachine(const FakeMachine&) = delete;
  FakeMachine& operator=(const FakeMachine&) = delete;
  ~FakeMachine() { std::filesystem::remove_all(root); }

  void write(const std::filesystem::path& path, const std::string& text) const {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path, std::ios::binary) << text;
  }

  [[nodiscard]] std::string read(const std::filesystem::path& path) const {
    std::ifstream file(root / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void program(const std::filesystem::path& path, const std::string& script) const {
    write(path, "#!/bin/sh\n" + script);
    std::filesystem::permissions(root / path, std::filesystem::perms(0755));
  }

  /// `--validate` refuses a file that holds the word "wrong". Writes "asked" when it is asked for
  /// its version.
  void install(const std::string& version) const {
    program("dockerd", "if [ \"$1\" = --version ]; then echo yes > " + (root / "asked").string() +
                           "; echo 'Docker version " + version +
                           ", build 0'; exit; fi\n"
                           "file=${2#--config-file=}\n"
                           "if grep -q wrong \"$file\"; then echo \"cannot use $file: wrong\" >&2; "
                           "exit 1; fi\necho 'configuration OK'\n");
  }

  /// As procfs shows those of `process`; others than the ones we are in by another `net`.
  void namespaces(const std::string& process, const std::string& net = "net:[1]") const {
    const auto folder = root / "proc" / process / "ns";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::filesystem::create_symlink("user:[1]", folder / "user");
    std::filesystem::create_symlink("pid:[1]", folder / "pid");
    std::filesystem::create_symlink(net, folder / "net");
  }

  /// Which program process `pid` runs.
  void runs(int pid, const std::filesystem::path& program) const {
    const auto link = root / "proc" / std::to_string(pid) / "exe";
    std::filesystem::remove(link);
    std::filesystem::create_symlink(program, link);
  }

  /// A running dockerd, as procfs shows it.
  void start(int pid, const std::vector<std::string>& arguments = {},
             const std::string& started = "4711") const {
    const std::string process = "proc/" + std::to_string(pid);
    std::string command = std::string("/usr/sbin/dockerd") + '\0';
    for (const std::string& argument : arguments) command += argument + '\0';
    write(process + "/comm", "dockerd\n");
    write(process + "/cmdline", command);
    std::string stat = std::to_string(pid) + " (dock) erd) S";
    for (int field = 4; field < 22; ++field) stat += " 0";
    write(process + "/stat", stat + " " + started + " 0 0\n");
    write(process + "/status", "Name:\tdockerd\nTgid:\t" + std::to_string(pid) +
                                   "\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
    namespaces(std::to_string(pid));
    if (!std::filesystem::exists(root / "dockerd")) install("28.5.2");
    runs(pid, root / "dockerd");
    std::filesystem::remove(root / process / "cwd");
    std::filesystem::create_directory_symlink("/", root / process / "cwd");
    write("docker.pid", std::to_string(pid));
  }

  std::filesystem::path root;
  docker::Places places;
  base::Deadline deadline{std::chrono::seconds(60)};
};

}  // namespace overland::tests
