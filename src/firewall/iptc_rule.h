#pragma once
// One rule of ours as a value: the few matches and targets the legacy driver uses, without any
// library type. Every rule implies `-m comment --comment overland`.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::firewall::iptc {

enum class Table : std::uint8_t { kNat, kFilter, kRaw };

/// "raw"
const char* table_name(Table table);

/// The target extension that writes the packet mark: mark = (mark & ~mask) | value.
struct MarkBits {
  std::uint32_t value = 0;
  std::uint32_t mask = 0;

  auto operator<=>(const MarkBits&) const = default;
};

enum class SetField : std::uint8_t { kSource, kDestination };

/// The address in `field` is in the ipset `name`.
struct SetMatch {
  std::string name;  // at most 31 characters
  SetField field = SetField::kSource;

  auto operator<=>(const SetMatch&) const = default;
};

enum class Verdict : std::uint8_t {
  kAccept,
  kReturn,
  kJump,     // to `chain`, and back
  kGoto,     // to `chain`; its end returns to the caller of this chain
  kSetMark,  // `bits`; goes on with the next rule
  kNoTrack,  // goes on with the next rule
  kMasquerade,
};

struct Target {
  Verdict verdict = Verdict::kAccept;
  std::string chain;  // kJump and kGoto
  MarkBits bits;      // kSetMark

  auto operator<=>(const Target&) const = default;
};

struct Rule {
  std::string in;   // link; empty: any
  std::string out;  // link; empty: any
  std::optional<model::Prefix> source;
  std::optional<model::Prefix> destination;
  std::optional<MarkBits> mark;  // (packet mark & mask) == value
  bool replies = false;          // connection state RELATED or ESTABLISHED
  std::vector<SetMatch> sets;
  Target target;

  auto operator<=>(const Rule&) const = default;
};

using Chain = std::vector<Rule>;

/// As iptables-save prints it, without the comment: "-s 10.2.0.0/16 -j ACCEPT".
std::string to_string(const Rule& rule);

}  // namespace overland::firewall::iptc
