// Every file of broken/ begins with the faults it has, one "# expect CODE LINE:COLUMN words" each;
// the words must stand in the message or the remedy. No more and no fewer may be reported.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "inventory/inventory.h"

namespace overland::inventory {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(OVERLAND_TEST_DATA) / "broken";

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Expected {
  std::string fault;  // "OVL-E003 5:1"
  std::string words;
};

std::vector<Expected> expected_faults(const std::string& text) {
  std::vector<Expected> result;
  std::istringstream lines(text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# expect ")) break;
    if (line.ends_with('\r')) line.pop_back();
    line.erase(0, 9);
    const std::size_t end = line.find(' ', line.find(' ') + 1);
    result.push_back({line.substr(0, end), end == line.npos ? "" : line.substr(end + 1)});
  }
  return result;
}

std::string fault_of(const Diagnostic& diagnostic) {
  return diagnostic.code + " " + std::to_string(diagnostic.position.line) + ":" +
         std::to_string(diagnostic.position.column);
}

class Broken : public ::testing::TestWithParam<std::string> {};

TEST_P(Broken, HasExactlyTheExpectedFaults) {
  const std::string text = content(kFolder / (GetParam() + ".toml"));
  const auto expected = expected_faults(text);
  ASSERT_FALSE(expected.empty());
  const Loaded loaded = parse(text);

  std::vector<std::string> faults;
  bool errors = false;
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    faults.push_back(fault_of(diagnostic));
    errors = errors || diagnostic.severity == Severity::kError;
    EXPECT_EQ(diagnostic.severity == Severity::kWarning, diagnostic.code[4] == 'W');
    EXPECT_FALSE(diagnostic.remedy.empty()) << diagnostic.message;
    const std::string shown = diagnostic.message + diagnostic.remedy;
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    EXPECT_TRUE(std::none_of(shown.begin(), shown.end(), control)) << shown;
  }
  std::vector<std::string> wanted;
  for (const Expected& one : expected) wanted.push_back(one.fault);
  const std::string report = render(loaded.diagnostics, GetParam());
  EXPECT_THAT(faults, ::testing::UnorderedElementsAreArray(wanted)) << report;
  for (const Expected& one : expected) EXPECT_THAT(report, ::testing::HasSubstr(one.words));
  EXPECT_EQ(loaded.inventory.has_value(), !errors);
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".toml") result.push_back(entry.path().stem());
  }
  std::sort(result.begin(), result.end());
  return result;
}

INSTANTIATE_TEST_SUITE_P(Files, Broken, ::testing::ValuesIn(names()), [](const auto& file) {
  std::string name = file.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(BrokenCorpus, IsThere) { EXPECT_GE(names().size(), 60U); }

}  // namespace
}  // namespace overland::inventory
