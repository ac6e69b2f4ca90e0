#include "docker/daemon_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace overland::docker {
namespace {

using ::testing::HasSubstr;

const std::string kFile = "/etc/docker/daemon.json";
const std::string kBip = "\"192.168.100.1/24\"";

std::string with_bip(const std::string& text) { return edit_keys(text, {{"bip", kBip}}, kFile); }
std::string without_bip(const std::string& text) {
  return edit_keys(text, {{"bip", std::nullopt}}, kFile);
}

TEST(DaemonJson, AddsAKeyInTheStyleOfTheFile) {
  struct Row {
    const char* before;
    const char* after;
  };
  const Row rows[] = {
      {"", "{\n  \"bip\": \"192.168.100.1/24\"\n}\n"},
      {" \n", "{\n  \"bip\": \"192.168.100.1/24\"\n}\n"},
      {"{}", "{\"bip\": \"192.168.100.1/24\"}"},
      {"{ }\n", "{ \"bip\": \"192.168.100.1/24\" }\n"},
      {"{\n}\n", "{\n  \"bip\": \"192.168.100.1/24\"\n}\n"},
      {"{\"a\":1}", "{\"a\":1,\"bip\":\"192.168.100.1/24\"}"},
      {"{\"a\": 1}", "{\"a\": 1, \"bip\": \"192.168.100.1/24\"}"},
      {"{\"a\": 1,\"b\": 2}", "{\"a\": 1,\"b\": 2,\"bip\": \"192.168.100.1/24\"}"},
      {"{\n    \"a\" : 1\n}", "{\n    \"a\" : 1,\n    \"bip\" : \"192.168.100.1/24\"\n}"},
      {"{\n\t\"a\": {\n\t\t\"x\": 1\n\t}\n}\n",
       "{\n\t\"a\": {\n\t\t\"x\": 1\n\t},\n\t\"bip\": \"192.168.100.1/24\"\n}\n"},
      {"{\r\n  \"a\": 1\r\n}\r\n", "{\r\n  \"a\": 1,\r\n  \"bip\": \"192.168.100.1/24\"\r\n}\r\n"},
      {"\xEF\xBB\xBF{\"a\": 1}", "\xEF\xBB\xBF{\"a\": 1, \"bip\": \"192.168.100.1/24\"}"},
      {"{\n  \"a\": 1 ,\n  \"b\": 2 }",
       "{\n  \"a\": 1 ,\n  \"b\": 2,\n  \"bip\": \"192.168.100.1/24\" }"},
  };
  for (const Row& row : rows) EXPECT_EQ(with_bip(row.before), row.after) << row.before;
}

TEST(DaemonJson, ReplacesOnlyTheValue) {
  EXPECT_EQ(with_bip("{\n  \"bip\"  :  \"10.0.0.1/24\"  ,\n  \"debug\": true\n}"),
            "{\n  \"bip\"  :  \"192.168.100.1/24\"  ,\n  \"debug\": true\n}");
  EXPECT_EQ(with_bip("{\"x\": {\"bip\": \"1\"}, \"b\\u0069p\": null}"),
            "{\"x\": {\"bip\": \"1\"}, \"b\\u0069p\": \"192.168.100.1/24\"}");
}

TEST(DaemonJson, DoesNotTouchWhatMeansTheSame) {
  for (const char* text : {"{\"bip\":\"192.168.100.1/24\"}", "{ \"bip\" : \"192.168.100.1\\/24\" }",
                           "{\"\\u0062ip\": \"192.168.100.1/24\" , \"a\": [ ] }\r\n"}) {
    EXPECT_EQ(with_bip(text), text);
  }
  const std::string pools = "{\"p\": [ {\"size\": 24, \"base\": \"10.0.0.0/8\"} ]}";
  EXPECT_EQ(edit_keys(pools, {{"p", "[{\"base\":\"10.0.0.0/8\",\"size\":24}]"}}, kFile), pools);
}

TEST(DaemonJson, RemovesAKeyWhereverItStands) {
  EXPECT_EQ(without_bip("{\n  \"bip\": \"x\",\n  \"a\": 1\n}\n"), "{\n  \"a\": 1\n}\n");
  EXPECT_EQ(without_bip("{\n  \"a\": 1,\n  \"bip\": \"x\",\n  \"b\": 2\n}"),
            "{\n  \"a\": 1,\n  \"b\": 2\n}");
  EXPECT_EQ(without_bip("{\n  \"a\": 1,\n  \"bip\": \"x\"\n}\n"), "{\n  \"a\": 1\n}\n");
  EXPECT_EQ(without_bip("{\n  \"bip\": \"x\"\n}\n"), "{\n}\n");
  EXPECT_EQ(without_bip("{\"a\": 1}"), "{\"a\": 1}");
  EXPECT_EQ(without_bip(""), "");
}

TEST(DaemonJson, SettingAndRemovingRestoresEveryByte) {
  const model::DaemonKeys keys = {{"allow-direct-routing", "true"},
                                  {"bip", kBip},
                                  {"bridge-accept-fwmark", "\"0x200000/0x200000\""}};
  model::DaemonKeys none;
  for (const auto& [key, value] : keys) none[key] = std::nullopt;
  for (const std::string open : {"{", " {\n", "{\r\n\t", "{ ", "\xEF\xBB\xBF{\n    "}) {
    for (const std::string close : {"}", "\n}\n", " }", "\r\n}\r\n", "\n\n}\n\n"}) {
      for (const std::string comma : {",", ", ", ",\n  ", " ,\n\t", "\n, ", ",\r\n    "}) {
        for (const std::string colon : {":", ": ", " : ", ":\n  "}) {
          std::string members;
          for (int count = 0; count < 4; ++count) {
            const std::string text = open + members + close;
            const std::string edited = edit_keys(text, keys, kFile);
            EXPECT_EQ(edit_keys(edited, keys, kFile), edited) << text;
            EXPECT_EQ(read_keys(edited, keys, kFile), keys) << text;
            // A brace alone with white space around it keeps only one of the two halves.
            if (count > 0) {
              EXPECT_EQ(edit_keys(edited, none, kFile), text);
            }
            EXPECT_TRUE(same_meaning(edit_keys(edited, none, kFile), text, kFile)) << text;
            if (count > 0) members += comma;
            members += "\"key" + std::to_string(count) + "\"" + colon + "[\"a,}\", {\"bip\": 1}]";
          }
        }
      }
    }
  }
  for (const std::string text : {"{}", "{ }", "{\n}\n", "{\r\n}", "{\n\n}", "\n{\t}"}) {
    EXPECT_EQ(edit_keys(edit_keys(text, keys, kFile), none, kFile), text);
  }
}

TEST(DaemonJson, ReadsCanonicalValues) {
  const std::string text =
      "{\"bip\": \"192.168.100.1\\/24\", \"live-restore\": true, \"n\": null,"
      " \"pools\": [ {\"size\" : 24, \"base\": \"10.0.0.0/8\"} ]}";
  const model::DaemonKeys read = read_keys(
      text, {{"bip", "x"}, {"live-restore", ""}, {"n", ""}, {"pools", ""}, {"mtu", ""}}, kFile);
  EXPECT_EQ(read, (model::DaemonKeys{{"bip", kBip},
                                     {"live-restore", "true"},
                                     {"n", "null"},
                                     {"pools", "[{\"base\":\"10.0.0.0/8\",\"size\":24}]"},
                                     {"mtu", std::nullopt}}));
  EXPECT_EQ(read_keys("\n", {{"bip", ""}}, kFile), (model::DaemonKeys{{"bip", std::nullopt}}));
}

TEST(DaemonJson, RefusesABrokenFileEvenWithoutKeys) {
  EXPECT_THROW(read_keys("{\"a\": 1,}", {}, kFile), base::Error);
  EXPECT_THROW(edit_keys("{\"a\": 1,}", {}, kFile), base::Error);
  EXPECT_THROW(edit_keys("{}", {{"bip", "not json"}}, kFile), base::Error);
}

TEST(DaemonJson, RefusesBipBesideBridge) {
  const std::string text = "{\n  \"bridge\": \"br0\"\n}\n";
  try {
    refuse_rivals(text, {{"bip", kBip}}, kFile);
    FAIL() << "accepted";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/etc/docker/daemon.json:2:3: \"bridge\" is \"br0\", and "
                                        "\"bip\": \"192.168.100.1/24\" is wanted"));
    EXPECT_THAT(
        error.what(),
        HasSubstr("or give that bridge the address 192.168.100.1/24 yourself and set bridge "
                  "= \"br0\" and daemon_json = \"off\" for this host in the inventory"));
  }
  EXPECT_THAT(use_bridge("\"none\"", kBip), HasSubstr("leave out the bip"));
  EXPECT_NO_THROW(refuse_rivals(text, {{"bip", std::nullopt}}, kFile));
  EXPECT_NO_THROW(refuse_rivals(text, {{"bip", kBip}, {"bridge", std::nullopt}}, kFile));
  EXPECT_NO_THROW(refuse_rivals("{\"bridge\": \"\"}", {{"bip", kBip}}, kFile));
  EXPECT_NO_THROW(refuse_rivals("", {{"bip", kBip}}, kFile));
}

TEST(DaemonJson, RefusesABipAwayFromTheGatewayOrTheRangeOfTheFile) {
  const auto refused = [](const std::string& text) -> std::string {
    try {
      refuse_other_subnet(text, {{"bip", kBip}}, kFile);
      return "";
    } catch (const base::Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(
      refused("{\"default-gateway\": \"10.9.0.1\"}"),
      HasSubstr("/etc/docker/daemon.json:1:2: \"default-gateway\" is \"10.9.0.1\", outside of "
                "the bridge subnet 192.168.100.0/24"));
  EXPECT_THAT(refused("{\"fixed-cidr\": \"10.9.0.0/26\"}"), HasSubstr("Take \"fixed-cidr\" out"));
  EXPECT_EQ(refused("{\"default-gateway\": \"192.168.100.254\"}"), "");
  EXPECT_EQ(refused("{\"fixed-cidr\": \"192.168.100.64/26\"}"), "");
  EXPECT_EQ(refused("{\"fixed-cidr\": \"192.168.0.0/16\"}"), "");
  EXPECT_EQ(refused("{\"fixed-cidr\": \"\", \"default-gateway\": null}"), "");
  EXPECT_EQ(refused(""), "");
}

TEST(DaemonJson, ComparesByMeaning) {
  EXPECT_TRUE(same_meaning("", "{ }", kFile));
  EXPECT_TRUE(same_meaning("{\"a\":1,\"b\":2}", "{ \"b\": 2, \"a\": 1 }", kFile));
  EXPECT_FALSE(same_meaning("{\"a\":1}", "{\"a\":\"1\"}", kFile));
  EXPECT_FALSE(same_meaning("", "{\"a\":1}", kFile));
}

}  // namespace
}  // namespace overland::docker
