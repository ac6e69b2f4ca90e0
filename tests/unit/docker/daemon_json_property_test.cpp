// Random texts, most of them damaged: the scanner agrees with an independent parser on what is
// JSON, and no edit ever loses or changes a foreign key.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/error.h"
#include "docker/daemon_json.h"
#include "docker/json_text.h"

namespace overland::docker {
namespace {

using nlohmann::ordered_json;

class RandomText {
 public:
  explicit RandomText(unsigned seed) : random_(seed) {}

  std::string object(int depth) {
    std::string text = "{" + space();
    const int count = below(5);
    for (int index = 0; index < count; ++index) {
      if (index > 0) text += "," + space();
      text += "\"k" + std::to_string(depth) + std::to_string(index) + "\"" + space() + ":" +
              space() + value(depth) + space();
    }
    return text + "}";
  }

  std::string damaged(std::string text) {
    for (int count = below(3); count > 0 && !text.empty(); --count) {
      const auto at = static_cast<std::size_t>(below(static_cast<int>(text.size())));
      switch (below(4)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.insert(at, 1, pick("{}[]\",:\\/0-1.e tn\n\x01\xC3"));
          break;
        case 2:
          text[at] = pick("{}[]\",:\\/0-1.e tn\n\x01\xC3");
          break;
        default:
          text.resize(at);
      }
    }
    return text;
  }

  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

 private:
  char pick(std::string_view from) {
    return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
  }

  std::string space() {
    const char* const kinds[] = {"", "", " ", "\n", "\n  ", "\r\n\t", " \n\n"};
    return kinds[below(7)];
  }

  std::string value(int depth) {
    const char* const scalars[] = {
        "true",         "null", "-0", "12.5e-3", "\"a,}\"", "\"\\u00e4\\\"\\\\\"",
        "\"\xC3\xA4\"", "\"\"", "[]", "{}"};
    if (depth > 3 || below(3) > 0) return scalars[below(10)];
    if (below(2) == 0) return object(depth + 1);
    return "[" + space() + value(depth + 1) + space() + "," + value(depth + 1) + "]";
  }

  std::mt19937 random_;
};

bool accepted(const std::string& text) {
  try {
    scan_object(text, "f");
    return true;
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
    EXPECT_EQ(std::string(error.what()).substr(0, 2), "f:");
    return false;
  }
}

/// A key twice is our own limit; the parser keeps one of them.
bool has_twins(const std::string& text) {
  std::set<std::string> names;
  bool twins = false;
  const auto watch = [&](int depth, ordered_json::parse_event_t event, ordered_json& parsed) {
    if (event == ordered_json::parse_event_t::key && depth == 1) {
      twins = twins || !names.insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  const ordered_json parsed = ordered_json::parse(text, watch, false);
  return parsed.is_object() && twins;
}

TEST(DaemonJsonProperties, AgreesWithAnotherParserOnWhatIsJson) {
  RandomText random(20101);
  int good = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string text = random.damaged(random.object(0));
    const ordered_json parsed = ordered_json::parse(text, nullptr, false);
    const bool expected = parsed.is_object() && !has_twins(text);
    EXPECT_EQ(accepted(text), expected) << text;
    good += expected ? 1 : 0;
  }
  EXPECT_GT(good, 4000);
  EXPECT_LT(good, 16000);
}

TEST(DaemonJsonProperties, EditsKeepForeignKeysAndUndoThemselves) {
  RandomText random(2871);
  const std::string bip = "\"192.168.100.1/24\"";
  for (int round = 0; round < 5000; ++round) {
    const std::string text = random.object(0);
    const std::string own = random.below(3) == 0 ? "k0" + std::to_string(random.below(4)) : "bip";
    const std::string edited = edit_keys(text, {{own, bip}}, "f");
    ordered_json wanted = ordered_json::parse(text);
    wanted[own] = "192.168.100.1/24";
    // dump() shows the order as well.
    EXPECT_EQ(ordered_json::parse(edited).dump(), wanted.dump()) << text;
    EXPECT_EQ(edit_keys(edited, {{own, bip}}, "f"), edited);
    wanted.erase(own);
    const std::string removed = edit_keys(edited, {{own, std::nullopt}}, "f");
    EXPECT_EQ(ordered_json::parse(removed).dump(), wanted.dump()) << text;
    if (own == "bip") {
      EXPECT_EQ(removed, text);
    }
  }
}

}  // namespace
}  // namespace overland::docker
