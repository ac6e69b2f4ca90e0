#include "docker/flags.h"

#include <gtest/gtest.h>

namespace overland::docker {
namespace {

std::vector<std::string> flags_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts;
  for (const Flag& flag : parse_flags(arguments, "here")) texts.push_back(flag.text());
  return texts;
}

using Words = std::vector<std::string>;

TEST(DockerFlags, FindsEverySpellingOfAFlag) {
  EXPECT_EQ(flags_of({"--bip=10.0.0.1/24"}), (Words{"--bip=10.0.0.1/24"}));
  EXPECT_EQ(flags_of({"--bip", "10.0.0.1/24", "-D"}), (Words{"--bip=10.0.0.1/24"}));
  EXPECT_EQ(flags_of({"-b", "br0"}), (Words{"--bridge=br0"}));
  EXPECT_EQ(flags_of({"-bbr0"}), (Words{"--bridge=br0"}));
  EXPECT_EQ(flags_of({"-b=br0"}), (Words{"--bridge=br0"}));
  EXPECT_EQ(flags_of({"-Db", "br0"}), (Words{"--bridge=br0"}));
  EXPECT_EQ(flags_of({"--bridge=br0", "--config-file", "/x.json"}),
            (Words{"--bridge=br0", "--config-file=/x.json"}));
  EXPECT_EQ(flags_of({"--cluster-store", "etcd://10.0.0.5", "--cluster-store-opt=kv.path=x"}),
            (Words{"--cluster-store=etcd://10.0.0.5", "--cluster-store-opt=kv.path=x"}));
  EXPECT_EQ(flags_of({"--allow-direct-routing", "--ip-forward-no-drop=false"}),
            (Words{"--allow-direct-routing=true", "--ip-forward-no-drop=false"}));
}

TEST(DockerFlags, IgnoresEverythingElse) {
  EXPECT_EQ(flags_of({"-H", "fd://", "--containerd=/run/containerd/containerd.sock", "-D",
                      "--log-level", "debug", "--data-root=/b", "-g", "-b", "bip"}),
            Words{});
  EXPECT_EQ(flags_of({"--", "--bip=10.0.0.1/24"}), Words{});
  EXPECT_EQ(flags_of({"--bip"}), (Words{"--bip="}));
  EXPECT_EQ(flags_of({"-", "-b"}), (Words{"--bridge="}));
  EXPECT_EQ(flags_of({}), Words{});
}

TEST(DockerFlags, SpeaksJsonLikeTheFile) {
  const auto flags = parse_flags({"--bip=10.0.0.1/24", "--allow-direct-routing"}, "the unit");
  ASSERT_EQ(flags.size(), 2U);
  EXPECT_EQ(flags[0].json(), "\"10.0.0.1/24\"");
  EXPECT_EQ(flags[1].json(), "true");
  EXPECT_EQ(flags[0].where, "the unit");
}

TEST(DockerFlags, AddressPoolsReadAsTheFileWouldHaveThem) {
  const auto pools = [](const Words& arguments) {
    return address_pools_of(parse_flags(arguments, "here"));
  };
  EXPECT_EQ(pools({"--bip=10.0.0.1/24"}), std::nullopt);
  EXPECT_EQ(pools({"--default-address-pool", "base=10.210.0.0/16,size=24",
                   "--default-address-pool=size=26,base=10.211.0.0/16"}),
            R"([{"base":"10.210.0.0/16","size":24},{"base":"10.211.0.0/16","size":26}])");
  EXPECT_EQ(pools({"--default-address-pool=,x"}), R"([{"":"","x":""}])");
}

TEST(DockerFlags, SplitsWordsAtSpaceOutsideOfQuotes) {
  EXPECT_EQ(split_words("  a  'b c'\t\"d \\\" e\"f\\ g\n"), (Words{"a", "b c", "d \" ef g"}));
  EXPECT_EQ(split_words("''"), (Words{""}));
  EXPECT_EQ(split_words(" "), Words{});
}

TEST(DockerFlags, ReadsEnvironmentFiles) {
  const auto environment = parse_environment(
      "# DOCKER_OPTS=\"--bip=1\"\n\nDOCKER_OPTS=\"--dns 8.8.8.8 --bip=10.0.0.1/24\"\n"
      "export A='b'\n;C=1\nnonsense\nD=\n");
  EXPECT_EQ(environment,
            (std::map<std::string, std::string>{
                {"DOCKER_OPTS", "--dns 8.8.8.8 --bip=10.0.0.1/24"}, {"A", "b"}, {"D", ""}}));
}

TEST(DockerFlags, ExpandsVariablesAsSystemdDoes) {
  const std::map<std::string, std::string> environment = {{"OPTS", "--bip '1 2'"}, {"X", "a b"}};
  EXPECT_EQ(expand_variables({"-H", "fd://", "$OPTS", "--x=${X}-${X}", "$NONE", "${NONE}", "${X"},
                             environment),
            (Words{"-H", "fd://", "--bip", "1 2", "--x=a b-a b", "", "${X"}));
}

}  // namespace
}  // namespace overland::docker
