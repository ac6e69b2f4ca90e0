#include "firewall/droppers.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "firewall/nft_context.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;

constexpr std::uint8_t kInet = 1;  // NFPROTO_… of linux/netfilter.h
constexpr std::uint8_t kIpv4 = 2;
constexpr std::uint32_t kForwardHook = 2;  // NF_INET_FORWARD
constexpr int kDeepestJump = 16;           // NFT_JUMP_STACK_SIZE of the kernel

bool known(const NftChainEntry& chain) {
  constexpr std::array<std::string_view, 7> kTables = {
      "filter", "nat", "raw", "mangle", "security", "docker-bridges", "overland"};
  return chain.family == kIpv4 &&
         std::find(kTables.begin(), kTables.end(), chain.table) != kTables.end();
}

/// A foreign table's rules: chain → rules.
struct ForeignTable {
  std::string family;
  std::string name;
  Json objects;
};

enum class Fate { kGoesOn, kAccepted, kDropped };

struct Verdict {
  Fate fate = Fate::kGoesOn;
  std::string chain;
  std::uint64_t handle = 0;
};

bool about_a_mark(const Json& match) {
  const std::string left = match.value("left", Json()).dump();
  return left.find("\"mark\"") != std::string::npos;
}

/// What happens to a packet of which nothing is known but that it carries a mark.
Verdict walk(const ForeignTable& table, const std::string& chain, int depth) {
  if (depth > kDeepestJump) return {};
  for (const Json& object : table.objects) {
    if (!object.contains("rule") || object["rule"].value("chain", "") != chain) continue;
    const Json& rule = object["rule"];
    bool conditional = false;
    bool marked = false;
    for (const Json& statement : rule.value("expr", Json::array())) {
      if (statement.contains("match")) {
        (about_a_mark(statement["match"]) ? marked : conditional) = true;
      } else if (statement.contains("limit") || statement.contains("xt") ||
                 statement.contains("vmap")) {
        conditional = true;
      } else if (statement.contains("accept")) {
        if (marked || !conditional) return {Fate::kAccepted, chain, 0};
      } else if (statement.contains("drop") || statement.contains("reject")) {
        if (!conditional && !marked) {
          return {Fate::kDropped, chain, rule.value("handle", std::uint64_t{0})};
        }
      } else if (statement.contains("jump") || statement.contains("goto")) {
        const bool final = statement.contains("goto");
        const Json& jump = final ? statement["goto"] : statement["jump"];
        if (conditional || marked) break;
        const Verdict there = walk(table, jump.value("target", ""), depth + 1);
        if (there.fate != Fate::kGoesOn || final) return there;
      } else if (statement.contains("return") && !conditional && !marked) {
        return {};
      }
    }
  }
  return {};
}

std::string trimmed(const std::string& line) {
  const std::size_t start = line.find_first_not_of(" \t");
  return start == std::string::npos ? "" : line.substr(start);
}

/// The rule as `nft list` prints it; empty where it cannot be told.
std::string rule_text(NftContext& context, const ForeignTable& table, const Verdict& verdict) {
  const std::string text = context.chain_text(table.family, table.name, verdict.chain);
  const std::string suffix = " # handle " + std::to_string(verdict.handle);
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    if (line.ends_with(suffix)) return trimmed(line.substr(0, line.size() - suffix.size()));
    start = end + 1;
  }
  return "";
}

std::string sentence(const ForeignTable& table, const std::string& chain, const std::string& rule) {
  return "\"" + rule + "\" in chain " + chain + " of table " + table.family + " " + table.name +
         " may drop trusted traffic; let it accept packets that carry overland's mark before that";
}

}  // namespace

std::vector<std::string> find_droppers(const NftLook& look) {
  std::vector<std::string> result;
  for (const NftChainEntry& chain : look.chains) {
    const bool forwards = chain.hook && chain.hook->number == kForwardHook &&
                          chain.hook->type == "filter" &&
                          (chain.family == kInet || chain.family == kIpv4);
    if (!forwards || known(chain)) continue;
    NftContext context;
    ForeignTable table = {chain.family == kInet ? "inet" : "ip", chain.table, {}};
    table.objects = context.list({{"table", {{"family", table.family}, {"name", table.name}}}});
    const Verdict verdict = walk(table, chain.name, 0);
    if (verdict.fate == Fate::kDropped) {
      result.push_back(sentence(table, verdict.chain, rule_text(context, table, verdict)));
    } else if (verdict.fate == Fate::kGoesOn && chain.hook->policy_drop) {
      result.push_back(sentence(table, chain.name, "policy drop"));
    }
  }
  return result;
}

}  // namespace overland::firewall
