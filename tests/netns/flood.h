#pragma once
// Echo requests without end from another namespace, while something happens here. The kernel counts
// what leaves and what comes back: ping(8) waits two round trips for the last reply, which is no
// time at all where the machine is busy.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "base/process.h"
#include "netns/sandbox.h"

namespace overland::tests {

class Flood {
 public:
  /// From namespace `from`; `to` is what ping is told: [-I SOURCE] DESTINATION. Links and
  /// neighbours are waited for; it goes on when this returns.
  Flood(std::string from, const std::string& to) : from_(std::move(from)) {
    EXPECT_TRUE(comes_true([&] { return succeeds("ping -n -c 1 -W 1 " + to); })) << to;
    sh(in_from() +
       "nft 'add table ip flood; add counter ip flood sent;"
       "add counter ip flood answered;"
       "add chain ip flood out { type filter hook output priority 0; };"
       "add chain ip flood in { type filter hook prerouting priority -400; };"
       "add rule ip flood out icmp type echo-request counter name sent;"
       "add rule ip flood in icmp type echo-reply counter name answered'");
    pinging_ = std::thread([=, this] {
      base::run("/bin/sh", {"-c", "echo $$ > " + kPid + "; exec " + in_from() +
                                      "ping -n -q -i 0.002 -w 300 " + to});
    });
    EXPECT_TRUE(comes_true([this] { return count("answered") > 0; })) << "no reply at all";
  }
  ~Flood() { stop(); }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  /// Ends it; how many requests stayed without a reply, duplicates aside.
  int lost() {
    stop();
    comes_true([this] { return count("answered") >= count("sent"); });
    return count("sent") - count("answered");
  }

 private:
  inline static const std::string kPid = "/run/flood.pid";

  [[nodiscard]] std::string in_from() const { return "ip netns exec " + from_ + " "; }

  [[nodiscard]] bool succeeds(const std::string& command) const {
    return base::run("/bin/sh", {"-c", in_from() + command}).status == 0;
  }

  [[nodiscard]] int count(const std::string& name) const {
    return std::stoi(sh(in_from() + "nft list counter ip flood " + name +
                        " | sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'"));
  }

  template <typename Question>
  static bool comes_true(Question question) {
    for (int i = 0; i < 100; ++i) {
      if (question()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return question();
  }

  void stop() {
    if (!pinging_.joinable()) return;
    sh("kill -INT $(cat " + kPid + ")");
    pinging_.join();
  }

  std::string from_;
  std::thread pinging_;
};

}  // namespace overland::tests
