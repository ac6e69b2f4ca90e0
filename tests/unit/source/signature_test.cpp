// The signature is the document's last lines; only ssh-keygen judges it.

#include "source/signature.h"

#include <gtest/gtest.h>

namespace overland::source {
namespace {

constexpr const char* kArmoured =
    "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\nAAAA\n-----END SSH SIGNATURE-----\n";
const std::string kBlock =
    "# -----BEGIN SSH SIGNATURE-----\n# U1NIU0lH\n# AAAA\n# -----END SSH SIGNATURE-----\n";

TEST(Signature, StandsInCommentsBehindWhatIsSigned) {
  const std::string bytes = join_signature("version = 1\n", kArmoured);
  EXPECT_EQ(bytes, "version = 1\n" + kBlock);
  const Signed parts = split_signature(bytes);
  EXPECT_EQ(parts.document, "version = 1\n");
  EXPECT_EQ(parts.signature, kArmoured);
}

TEST(Signature, OnlyAWholeBlockAtTheVeryEndIsOne) {
  const auto unsigned_whole = [](const std::string& bytes) {
    const Signed parts = split_signature(bytes);
    return parts.signature.empty() && parts.document == bytes;
  };
  EXPECT_TRUE(unsigned_whole(""));
  EXPECT_TRUE(unsigned_whole("version = 1\n"));
  EXPECT_TRUE(unsigned_whole("a\n" + kBlock + "b\n"));
  EXPECT_TRUE(unsigned_whole("a\n" + kBlock + "# b\n"));
  EXPECT_TRUE(unsigned_whole("a" + kBlock));  // not a line of its own
  EXPECT_TRUE(
      unsigned_whole("a\n# -----BEGIN SSH SIGNATURE-----\nb = 1\n# -----END SSH SIGNATURE-----\n"));
}

TEST(Signature, OfTwoTheLastOneSignsTheOther) {
  const std::string bytes = "a\n" + kBlock + kBlock;
  EXPECT_EQ(split_signature(bytes).document, "a\n" + kBlock);
}

}  // namespace
}  // namespace overland::source
