// The reference and the examples keep step with the code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>

#include "inventory/codes.h"
#include "inventory/inventory.h"

namespace overland::inventory {
namespace {

const std::filesystem::path kSource = OVERLAND_SOURCE_DIR;

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Codes, TableIsInTheOrderOfTheEnumerationAndWithoutRepeats) {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kCodes[i].code), i);
    EXPECT_TRUE(i == 0 || kCodes[i - 1].text < kCodes[i].text) << kCodes[i].text;
  }
  EXPECT_EQ(kCodes.size(), static_cast<std::size_t>(Code::kSwarmVni) + 1);
}

TEST(Codes, ReferenceListsExactlyTheCodesOfTheProgram) {
  const std::string text = content(kSource / "docs/inventory.md");
  std::vector<std::string> documented;
  const std::regex row(R"(\n\| `(OVL-[EW]\d{3})` \| ([^|]*) \|)");
  for (std::sregex_iterator i(text.begin(), text.end(), row), end; i != end; ++i) {
    documented.push_back((*i)[1].str() + " " + (*i)[2].str());
  }
  std::vector<std::string> known;
  for (const CodeEntry& code : kCodes) {
    known.push_back(std::string(code.text) + " " + std::string(code.summary));
  }
  EXPECT_EQ(documented, known);
}

TEST(Codes, EachHasABrokenFileThatShowsIt) {
  std::string all;
  const auto folder = std::filesystem::path(OVERLAND_TEST_DATA) / "broken";
  for (const auto& file : std::filesystem::directory_iterator(folder)) all += content(file);
  for (const CodeEntry& code : kCodes) {
    if (code.code == Code::kTooManyFaults) continue;  // needs a thousand faults; see parse_test
    if (code.code == Code::kFragmentKey) continue;    // needs two files; see sources_test
    EXPECT_THAT(all, ::testing::HasSubstr("# expect " + std::string(code.text)));
  }
}

TEST(Examples, LoadWithoutAFault) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(kSource / "config")) {
    if (file.path().extension() != ".toml") continue;
    const Loaded loaded = load(file.path());
    // What the guides do, and what there is to say of it.
    const bool shim = file.path().stem() == "macvlan-one-lan";
    EXPECT_EQ(loaded.diagnostics.size(), shim ? 1U : 0U) << render(loaded.diagnostics, file.path());
    for (const Diagnostic& one : loaded.diagnostics) {
      EXPECT_EQ(one.code, entry(Code::kShimInUnderlay).text);
    }
    EXPECT_TRUE(loaded.inventory);
    ++count;
  }
  EXPECT_GE(count, 6);
}

TEST(Examples, RouteProtocolHasItsName) {
  EXPECT_THAT(content(kSource / "config/rt_protos.d/overland.conf"),
              ::testing::HasSubstr("\n111 overland\n"));
}

}  // namespace
}  // namespace overland::inventory
