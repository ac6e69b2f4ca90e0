#include <gtest/gtest.h>

#include "model/docker.h"

namespace overland::model {
namespace {

TEST(DockerVersions, GatesEachKeyAtItsFirstRelease) {
  struct Row {
    const char* key;
    const char* last_without;
    const char* first_with;
  };
  const Row rows[] = {{"allow-direct-routing", "28.1.1", "28.2.0"},
                      {"bridge-accept-fwmark", "28.5.2+dfsg4", "29.0.0-rc.1"}};
  for (const Row& row : rows) {
    EXPECT_FALSE(docker_accepts_key(row.last_without, row.key)) << row.key;
    EXPECT_TRUE(docker_accepts_key(row.first_with, row.key)) << row.key;
    EXPECT_TRUE(docker_accepts_key("29.7.2", row.key)) << row.key;
    EXPECT_FALSE(docker_accepts_key("20.10.24+dfsg1", row.key)) << row.key;
  }
}

TEST(DockerVersions, AcceptsOldKeysEverywhere) {
  EXPECT_TRUE(docker_accepts_key("20.10.24+dfsg1", "bip"));
  EXPECT_TRUE(docker_accepts_key("", "bip"));
}

TEST(DockerVersions, TakesAnUnreadableVersionForAnOldOne) {
  for (const char* version : {"", "28", "dev", "28.", "library-import", ".5", "28.x"}) {
    EXPECT_FALSE(docker_accepts_key(version, "allow-direct-routing")) << version;
  }
}

}  // namespace
}  // namespace overland::model
