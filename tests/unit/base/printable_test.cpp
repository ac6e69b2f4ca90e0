#include "base/printable.h"

#include <gtest/gtest.h>

namespace overland::base {
namespace {

TEST(Printable, EscapesWhatATerminalActsOn) {
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(printable("\u202e"), "\\xe2\\x80\\xae") << "turns the text around";
  EXPECT_EQ(printable("Zürich"), "Zürich");
}

TEST(Shorten, CutsNoCharacterInTwo) {
  EXPECT_EQ(shorten("Zürich", 2), "Z…");
  EXPECT_EQ(shorten("Zürich", 3), "Zü…");
  EXPECT_EQ(shorten("Zürich", 80), "Zürich");
}

}  // namespace
}  // namespace overland::base
