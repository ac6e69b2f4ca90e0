// The anchors in this kernel's legacy tables: what is written is what is read, each jump stands
// where it counts, and nothing of anybody else changes.

#include <gmock/gmock.h>

#include "netns/firewall/legacy_scene.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::sh;

class LegacyAnchors : public LegacyScene {
 protected:
  static model::FirewallPolicy without_docker() {
    model::FirewallPolicy policy = docker_host();
    policy.anchor = FirewallAnchor::kForward;
    return policy;
  }
  /// Where the rules of a chain of filter lead, in order.
  static std::string targets(const std::string& chain) {
    return sh("iptables-legacy -S " + chain + " | sed -n 's/^-A.*-[jg] //p' | tr '\\n' ' '");
  }
};

TEST_F(LegacyAnchors, ReadNothingAndMakeNoTable) {
  EXPECT_FALSE(firewall_.read(docker_host()));
  remove();
  EXPECT_EQ(sh("cat /proc/thread-self/net/ip_tables_names"), "");
  EXPECT_EQ(sh("nft list ruleset"), "");
}

TEST_F(LegacyAnchors, HoldOnlyTheAcceptOfTheMark) {
  write(docker_host());
  expect_in_force(docker_host());
  EXPECT_EQ(sh("iptables-legacy-save | grep -E 'OVERLAND|DOCKER|^\\*'"),
            "*raw\n"
            ":OVERLAND-RAW - [0:0]\n"
            "-A PREROUTING -m comment --comment overland -j OVERLAND-RAW\n"
            "-A OVERLAND-RAW -m mark --mark 0x200000/0x200000 -m comment --comment overland "
            "-j ACCEPT\n"
            "*filter\n"
            ":DOCKER-USER - [0:0]\n"
            ":OVERLAND-FORWARD - [0:0]\n"
            ":OVERLAND-MADE - [0:0]\n"
            ":OVERLAND-USER - [0:0]\n"
            "-A FORWARD -m comment --comment overland -j OVERLAND-USER\n"
            "-A DOCKER-USER -m comment --comment overland -j OVERLAND-FORWARD\n"
            "-A OVERLAND-FORWARD -m mark --mark 0x200000/0x200000 -m comment --comment overland "
            "-j ACCEPT\n"
            "-A OVERLAND-USER -m mark --mark 0x200000/0x200000 -m comment --comment overland "
            "-j DOCKER-USER\n"
            "-A OVERLAND-USER -m mark --mark 0x200000/0x200000 -m comment --comment overland "
            "-j ACCEPT\n");
  EXPECT_EQ(sh("nft list tables"), "table ip overland\n");
}

TEST_F(LegacyAnchors, SurviveSaveAndRestore) {
  write(docker_host());
  sh("iptables-legacy-save > /run/rules && iptables-legacy-restore < /run/rules");
  expect_in_force(docker_host());
}

TEST_F(LegacyAnchors, StandDirectlyBelowTheJumpToDockerUser) {
  write(docker_host());
  EXPECT_EQ(targets("FORWARD"), "OVERLAND-USER ");
  start_docker();
  expect_in_force(docker_host());
  sh("iptables-legacy -F DOCKER-USER");
  EXPECT_THAT(firewall_.read(docker_host())->defects,
              testing::ElementsAre(HasSubstr("DOCKER-USER to OVERLAND-FORWARD is missing"),
                                   HasSubstr("is not directly below the one to DOCKER-USER")));
  write(docker_host());
  expect_in_force(docker_host());
  EXPECT_THAT(targets("FORWARD"), HasSubstr("DOCKER-USER OVERLAND-USER ACCEPT DOCKER"));
}

TEST_F(LegacyAnchors, StayBelowWhatAUserPutAboveThemInDockerUser) {
  write(docker_host());
  sh("iptables-legacy -I DOCKER-USER -s 10.9.9.9 -j DROP;"
     "iptables-legacy -A DOCKER-USER -j RETURN");
  expect_in_force(docker_host());
  sh("iptables-legacy -I DOCKER-USER 2 -j RETURN");
  EXPECT_THAT(firewall_.read(docker_host())->defects,
              testing::ElementsAre(HasSubstr("not reached in filter DOCKER-USER")));
  write(docker_host());
  expect_in_force(docker_host());
  EXPECT_EQ(targets("DOCKER-USER"), "DROP OVERLAND-FORWARD RETURN RETURN ");
}

TEST_F(LegacyAnchors, MakeNoDockerUserWithoutDockerAndTakeAlongTheOneTheyMade) {
  write(without_docker());
  expect_in_force(without_docker());
  EXPECT_THAT(rules(), Not(HasSubstr("DOCKER-USER")));
  write(docker_host());
  EXPECT_THAT(rules(), HasSubstr("-N DOCKER-USER"));
  write(without_docker());
  expect_in_force(without_docker());
  EXPECT_THAT(rules(), Not(HasSubstr("DOCKER-USER")));
  // Docker was removed, and its rules are still there.
  start_docker();
  write(without_docker());
  expect_in_force(without_docker());
  EXPECT_THAT(targets("FORWARD"), testing::StartsWith("DOCKER-USER OVERLAND-FORWARD "));
  EXPECT_EQ(targets("DOCKER-USER"), "");
}

TEST_F(LegacyAnchors, AreRemovedAlone) {
  start_docker();
  sh("iptables-legacy -A DOCKER-USER -s 10.9.9.9 -j DROP");
  const std::string before = rules();
  write(docker_host());
  remove();
  EXPECT_EQ(rules(), before);
  EXPECT_EQ(sh("nft list ruleset"), "");
  EXPECT_FALSE(firewall_.read(docker_host()));
}

TEST_F(LegacyAnchors, TakeTheDockerUserTheyMadeAlongWhereNobodyUsesIt) {
  write(docker_host());
  sh("iptables-legacy -A DOCKER-USER -s 10.9.9.9 -j DROP");
  remove();
  EXPECT_THAT(rules(), HasSubstr("-N DOCKER-USER")) << "a rule of the user's";
  sh("iptables-legacy -F DOCKER-USER; iptables-legacy -X DOCKER-USER");
  write(docker_host());
  sh("iptables-legacy -A INPUT -j DOCKER-USER");
  remove();
  EXPECT_THAT(rules(), HasSubstr("-N DOCKER-USER")) << "a jump to it";
  sh("iptables-legacy -F INPUT; iptables-legacy -X DOCKER-USER");
  write(docker_host());
  remove();
  EXPECT_THAT(rules(), Not(HasSubstr("DOCKER-USER")));
}

TEST_F(LegacyAnchors, LeaveADockerUserThatOthersMade) {
  sh("iptables-legacy -N DOCKER-USER");
  write(docker_host());
  remove();
  EXPECT_THAT(rules(), HasSubstr("-N DOCKER-USER"));
  EXPECT_THAT(rules(), Not(HasSubstr("OVERLAND")));
}

TEST_F(LegacyAnchors, KeepTheUsersRulesTheirOrderAndCounters) {
  start_docker();
  sh(R"(set -e
    { echo '*filter'
      for i in $(seq 1 400); do echo "[$i:$((i * 100))] -A DOCKER-USER -s 10.$((i % 7)).0.$((i % 250)) -j RETURN"; done
      echo COMMIT; } | iptables-legacy-restore -n -c)");
  const std::string user = "iptables-legacy-save -c -t filter | grep -v OVERLAND | grep -v ^#";
  const std::string before = sh(user);
  write(docker_host());
  EXPECT_EQ(sh(user), before);
  EXPECT_THAT(sh("iptables-legacy -S DOCKER-USER 1"), HasSubstr("-j OVERLAND-FORWARD"));
  remove();
  EXPECT_EQ(sh(user), before);
}

TEST_F(LegacyAnchors, AreNotTouchedWhereOnlyTheTableChanges) {
  write(docker_host());
  sh("ip addr add 127.0.0.9/8 dev lo; ping -q -c1 127.0.0.9");
  const std::string save = "iptables-legacy-save -c -t raw | grep -v ^#";
  const std::string before = sh(save);
  EXPECT_THAT(before, HasSubstr("[2:168] -A PREROUTING"));
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets.push_back(prefix("192.168.210.0/24"));
  policy.conntrack = false;
  write(policy);
  expect_in_force(policy);
  EXPECT_EQ(sh(save), before);
}

TEST_F(LegacyAnchors, AreRepairedAfterWhatWasChangedByHand) {
  const std::vector<std::string> faults = {
      "iptables-legacy -t raw -D PREROUTING 1",
      "iptables-legacy -t raw -I PREROUTING -s 10.9.9.9 -j DROP",
      "iptables-legacy -D FORWARD 1",
      "iptables-legacy -I FORWARD -s 10.9.9.9 -j DROP",
      "iptables-legacy -I FORWARD -j OVERLAND-FORWARD",
      "iptables-legacy -A FORWARD -j DOCKER-USER",
      "iptables-legacy -F DOCKER-USER",
      "iptables-legacy -I DOCKER-USER -j RETURN",
      "iptables-legacy -A INPUT -j OVERLAND-FORWARD",
      "iptables-legacy -R DOCKER-USER 1 -g OVERLAND-FORWARD",
      "iptables-legacy -R DOCKER-USER 1 -s 10.9.9.9 -j OVERLAND-FORWARD",
      "iptables-legacy -R FORWARD 1 -p tcp -j OVERLAND-USER",
      "iptables-legacy -t raw -R PREROUTING 1 -g OVERLAND-RAW",
      "iptables-legacy -t raw -R PREROUTING 1 -i lo -j OVERLAND-RAW",
      "iptables-legacy -I FORWARD -j OVERLAND-USER",
      "iptables-legacy -R FORWARD 1 -j OVERLAND-FORWARD",
      "iptables-legacy -A INPUT -j OVERLAND-USER",
      "iptables-legacy -D OVERLAND-USER 1",
      "iptables-legacy -F OVERLAND-USER; iptables-legacy -A OVERLAND-USER -j DOCKER-USER",
      "iptables-legacy -R OVERLAND-USER 1 -m mark --mark 0x200000/0x200000 -m comment "
      "--comment overland -g DOCKER-USER",
      "iptables-legacy -F OVERLAND-FORWARD",
      "iptables-legacy -I OVERLAND-FORWARD -j ACCEPT",
      "iptables-legacy -R OVERLAND-FORWARD 1 -m mark --mark 0x200000/0x200000 -j ACCEPT",
      "iptables-legacy -R OVERLAND-FORWARD 1 -m mark ! --mark 0x200000/0x200000 -m comment "
      "--comment overland -j ACCEPT",
      "iptables-legacy -R OVERLAND-FORWARD 1 -m mark --mark 0x200000/0x600000 -m comment "
      "--comment overland -j ACCEPT",
      "iptables-legacy -R OVERLAND-FORWARD 1 -s 10.9.9.9 -m mark --mark 0x200000/0x200000 "
      "-m comment --comment overland -j ACCEPT",
      "iptables-legacy -R OVERLAND-FORWARD 1 -m mark --mark 0x200000/0x200000 -m comment "
      "--comment overland -j RETURN",
      "iptables-legacy -t raw -N OVERLAND-OTHER",
      "iptables-legacy -t raw -F; iptables-legacy -t raw -X",
      "iptables-legacy -F; iptables-legacy -X",
      "iptables-legacy -t nat -N OVERLAND-NAT; iptables-legacy -t nat -A POSTROUTING -j "
      "OVERLAND-NAT",
      "nft flush chain ip overland trusted-in",
      "nft delete table ip overland",
  };
  write(docker_host());
  for (const std::string& fault : faults) {
    SCOPED_TRACE(fault);
    sh(fault);
    const auto found = firewall_.read(docker_host());
    EXPECT_TRUE(!found || found->policy != docker_host() || !found->defects.empty());
    write(docker_host());
    expect_in_force(docker_host());
  }
  EXPECT_THAT(sh("iptables-legacy-save -t nat"), Not(HasSubstr("OVERLAND")));
}

TEST_F(LegacyAnchors, FollowAnotherMark) {
  write(docker_host());
  model::FirewallPolicy other = docker_host();
  other.mark = 0x40;
  write(other);
  expect_in_force(other);
  EXPECT_THAT(rules(), Not(HasSubstr("0x200000")));
}

}  // namespace
}  // namespace overland::firewall
