// Others at the same tables at the same time: with the lock, holding the lock, and without it.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "base/unique_fd.h"
#include "firewall/legacy/table.h"
#include "netns/firewall/legacy_scene.h"

namespace overland::firewall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::sh;

class LegacyWriters : public LegacyScene {
 protected:
  static void put(Anchors& anchors) { anchors.put(docker_host().anchor, {docker_host().mark}); }
};

/// Runs `work` in a process of its own; its status is 0 unless something was thrown.
template <typename Work>
pid_t in_process(Work work) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "writer: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

int status_of(pid_t pid) {
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST_F(LegacyWriters, LoseNothingOfEachOther) {
  model::FirewallPolicy first = docker_host();
  model::FirewallPolicy second = docker_host();
  second.mark = 0x40;
  write(first);
  std::vector<pid_t> writers;
  for (int i = 0; i < 2; ++i) {
    writers.push_back(in_process([&] {
      tests::Applied firewall;
      for (int round = 0; round < 40; ++round) {
        firewall.write((round + i) % 2 == 0 ? first : second);
      }
    }));
  }
  const auto loop = base::run("/bin/sh",
                              {"-c",
                               "for i in $(seq 1 300); do iptables-legacy -w -A FORWARD -s "
                               "10.1.$((i / 200)).$((i % 200)) -j ACCEPT || exit 1; done"},
                              std::chrono::seconds(100));
  EXPECT_EQ(loop.status, 0) << loop.err;
  for (const pid_t writer : writers) EXPECT_EQ(status_of(writer), 0);
  EXPECT_EQ(sh("iptables-legacy -S FORWARD | grep -c '10.1.*ACCEPT'"), "300\n");
  write(first);
  expect_in_force(first);
}

TEST_F(LegacyWriters, ConvergeAfterOneWasKilled) {
  model::FirewallPolicy other = docker_host();
  other.conntrack = false;
  other.mark = 0x40;
  for (int i = 0; i < 20; ++i) {
    const pid_t victim = in_process([&] {
      for (;;) {
        write(other);
        write(docker_host());
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 7 * i));
    ::kill(victim, SIGKILL);
    status_of(victim);
    write(docker_host());
    expect_in_force(docker_host());
  }
  remove();
  EXPECT_FALSE(firewall_.read(docker_host()));
}

TEST_F(LegacyWriters, GiveUpOnALockThatStaysTaken) {
  const base::UniqueFd lock(::open("/run/xtables.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  std::vector<std::string> notices;
  HostFirewallOptions options;
  options.iptc.patience = std::chrono::milliseconds(200);
  options.iptc.notice = [&notices](const std::string& text) { notices.push_back(text); };
  tests::Applied firewall(options);
  try {
    firewall.write(docker_host());
    FAIL() << "wrote without the lock";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kLocked);
  }
  EXPECT_THAT(notices, ElementsAre(HasSubstr("/run/xtables.lock")));
  EXPECT_TRUE(firewall.read(docker_host())) << "reading waits for nobody, and the table stands";
  EXPECT_NO_THROW(firewall.remove()) << "nothing of ours: nothing to wait for";
}

TEST_F(LegacyWriters, WaitForTheLockNoLongerThanTheRunMayLast) {
  const base::UniqueFd lock(::open("/run/xtables.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  base::Deadline soon(std::chrono::milliseconds(200));
  EXPECT_THROW(put(*make_legacy_anchors(soon)), base::Error);
  EXPECT_EQ(soon.left().count(), 0);
  // What is waited for because somebody asked for it takes nothing away from the others.
  base::Deadline run(std::chrono::seconds(30));
  IptcOptions options;
  options.patience = std::chrono::seconds(1);
  EXPECT_THROW(put(*make_legacy_anchors(run, options)), base::Error);
  EXPECT_GT(run.left(), std::chrono::milliseconds(29500));
}

TEST_F(LegacyWriters, GoOnWhenTheLockIsReleased) {
  base::UniqueFd lock(::open("/run/xtables.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  std::thread other([&lock] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    lock = base::UniqueFd();
  });
  write(docker_host());
  other.join();
  expect_in_force(docker_host());
}

TEST_F(LegacyWriters, StartAgainWhenTheTableChangedUnderThem) {
  int attempts = 0;
  legacy::update("filter", [&attempts](legacy::Table& table) {
    // A program that does not know the lock, between our reading and our commit.
    if (++attempts <= 2) sh("XTABLES_LOCKFILE=/run/other iptables-legacy -A FORWARD -j ACCEPT");
    table.make("OVERLAND-FORWARD");
    table.insert_jump("FORWARD", 0, "OVERLAND-FORWARD");
    return true;
  });
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(sh("iptables-legacy -S FORWARD"),
            "-P FORWARD ACCEPT\n"
            "-A FORWARD -m comment --comment overland -j OVERLAND-FORWARD\n"
            "-A FORWARD -j ACCEPT\n-A FORWARD -j ACCEPT\n");
}

TEST_F(LegacyWriters, GiveUpOnATableThatNeverRests) {
  try {
    legacy::update("filter", [](legacy::Table& table) {
      sh("XTABLES_LOCKFILE=/run/other iptables-legacy -A OUTPUT -j ACCEPT");
      table.make("OVERLAND-FORWARD");
      return true;
    });
    FAIL() << "committed";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), EAGAIN);
  }
}

TEST_F(LegacyWriters, SayWhatTheyLackWithoutPrivilege) {
  const pid_t pid = in_process([] {
    // Only CAP_NET_ADMIN and CAP_NET_RAW matter; giving up the user gives up both.
    if (::setuid(65534) != 0) throw std::runtime_error("setuid");
    try {
      const legacy::Table table("filter");
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kPrivilege) return;
    }
    throw std::runtime_error("opened a table without privilege");
  });
  EXPECT_EQ(status_of(pid), 0);
}

}  // namespace
}  // namespace overland::firewall
