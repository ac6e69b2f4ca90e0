#include "docker/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace overland::docker {
namespace {

using ::testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    scan_object(text, "daemon.json");
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid) << text;
    return error.what();
  }
  return "accepted";
}

TEST(JsonText, RefusesWhatDockerdRefusesAndSaysWhere) {
  struct Row {
    std::string text;
    std::string message;
  };
  const Row rows[] = {
      {"", "daemon.json:1:1: dockerd wants one JSON object"},
      {"[]", "daemon.json:1:1: dockerd wants one JSON object"},
      {"null", "daemon.json:1:1: dockerd wants one JSON object"},
      {"{\n  \"debug\": true,\n}", "daemon.json:2:16: dockerd refuses a comma before the closing"},
      {"{\"a\": [1, 2,]}", "daemon.json:1:12: dockerd refuses a comma before the closing"},
      {"{\n  // why\n}",
       "daemon.json:2:3: expected a key in double quotes, found '/': dockerd "
       "refuses comments"},
      {"{\n  # why\n}",
       "daemon.json:2:3: expected a key in double quotes, found '#': dockerd "
       "refuses comments"},
      {"{\"a\": 1 /* why */}",
       "daemon.json:1:9: expected ',' or '}' after a value, found '/': "
       "dockerd refuses comments"},
      {"{\n\"bip\": \"a\",\n  \"bip\": \"b\"}",
       "daemon.json:3:3: \"bip\" stands here a second time"},
      {"{\"bip\": 1, \"\\u0062ip\": 2}", "daemon.json:1:12: \"bip\" stands here a second time"},
      {"{} x", "daemon.json:1:4: something follows the closing '}'"},
      {"{}{}", "daemon.json:1:3: something follows the closing '}'"},
      {"{}\n// end", "daemon.json:2:1: something follows the closing '}': dockerd refuses comm"},
      {"{\"a\": \"\xff\"}", "daemon.json:1:8: this is not UTF-8"},
      {"{\"a\": \"\xc0\x80\"}", "daemon.json:1:8: this is not UTF-8"},
      {"{\"a\": \"\xed\xa0\x80\"}", "daemon.json:1:8: this is not UTF-8"},
      {"{\"a\": \"\xf4\x90\x80\x80\"}", "daemon.json:1:8: this is not UTF-8"},
      {"\xff\xfe{", "daemon.json:1:1: this is UTF-16"},
      {"{\"\xc3\xa4\": tru}", "daemon.json:1:7: expected a value, found 't'"},
      {"{\"a\": 1", "daemon.json:1:8: expected ',' or '}' after a value, found the end of"},
      {"{\"a\"", "daemon.json:1:5: expected ':' after the key, found the end of the file"},
      {"{\"a", "daemon.json:1:2: this string has no closing quote"},
      {"{\"a\": \"x\ny\"}", "daemon.json:1:9: a line break or control character stands inside"},
      {"{\"a\": \"\\x\"}", "daemon.json:1:8: this is no escape JSON knows"},
      {"{\"a\": \"\\u12G4\"}", "daemon.json:1:8: this is no escape JSON knows"},
      {"{\"a\": 01}", "daemon.json:1:7: this is no number JSON knows"},
      {"{\"a\": 1.}", "daemon.json:1:7: this is no number JSON knows"},
      {"{\"a\": -}", "daemon.json:1:7: this is no number JSON knows"},
      {"{\"a\": 1e}", "daemon.json:1:7: this is no number JSON knows"},
      {"{'a': 1}", "daemon.json:1:2: expected a key in double quotes, found '''"},
      {"{\"a\": 1 \"b\": 2}", "daemon.json:1:9: expected ',' or '}' after a value, found '\"'"},
      {"{\"a\": [1 2]}", "daemon.json:1:10: expected ',' or ']' after a value, found '2'"},
      {"{\"a\": [1}", "daemon.json:1:9: expected ',' or ']' after a value, found '}'"},
      {"{\"a\": , }", "daemon.json:1:7: expected a value, found ','"},
      {std::string("{\"a\": 1\0}", 9), "expected ',' or '}' after a value, found a line break"},
  };
  for (const Row& row : rows) EXPECT_THAT(refusal(row.text), HasSubstr(row.message)) << row.text;
}

TEST(JsonText, AcceptsWhatDockerdAccepts) {
  for (const char* text :
       {"{}", " \t\r\n{ }\n", "{\"a\":{\"b\":[1,-0.5e+7,true,false,null,\"\\u00e4\\n\"]}}",
        "\xEF\xBB\xBF{\"debug\": true}", "{\"labels\": [\"a=\\ud800\"]}", "{\"a\": [[], {}, [{}]]}",
        "{\"a\": {\"b\": 1, \"b\": 2}}", "{\"\xF0\x9F\x90\xB3\": 1}"}) {
    EXPECT_EQ(refusal(text), "accepted") << text;
  }
}

TEST(JsonText, KnowsWhereMembersStand) {
  const std::string text = "{ \"a\" : [1, {\"x\": 2}] ,\n\t\"b\\/c\":\"}\" }";
  const JsonObject object = scan_object(text, "f");
  ASSERT_EQ(object.members.size(), 2U);
  EXPECT_EQ(object.braces.of(text), text);
  EXPECT_EQ(object.members[0].key.of(text), "\"a\"");
  EXPECT_EQ(object.members[0].value.of(text), "[1, {\"x\": 2}]");
  EXPECT_EQ(object.members[1].name, "b/c");
  EXPECT_EQ(object.members[1].value.of(text), "\"}\"");
  EXPECT_EQ(object.find("x"), nullptr);
}

TEST(JsonText, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\": " + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(refusal(nested(512)), "accepted");
  EXPECT_THAT(refusal(nested(513)), HasSubstr("nested deeper than 512 levels"));
  EXPECT_THAT(refusal("{\"a\": " + std::string(1000000, '[')), HasSubstr("nested deeper"));
}

TEST(JsonText, NeverCrashesOnCutTexts) {
  const std::string text = "{\"a\": [1, {\"x\": \"\\u00e4\"}], \"b\": -1.5e3, \"c\": null}";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(refusal(text.substr(0, length)), "accepted") << length;
  }
}

}  // namespace
}  // namespace overland::docker
