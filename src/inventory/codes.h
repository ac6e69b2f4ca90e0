#pragma once
// Every fault an inventory can have, with its stable code. A code is never reused or renumbered;
// docs/inventory.md holds the same table for readers, and a test compares the two.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inventory/diagnostic.h"

namespace overland::inventory {

enum class Code : std::uint8_t {
  kSyntax,
  kVersion,
  kUnknownKey,
  kWrongType,
  kMissingKey,
  kEmptyList,
  kNesting,
  kChoice,
  kGivenTwice,
  kNoHosts,
  kTooManyFaults,
  kNewer,
  kRelease,
  kGeneration,
  kCutOff,
  kAfterEnd,
  kHostName,
  kDuplicateHostName,
  kShortNameClash,
  kPlainName,
  kDuplicateSegmentName,
  kInterfaceName,
  kInterfaceNameLength,
  kVlanLinkNameLength,
  kProgramPath,
  kAddressSyntax,
  kIpv6,
  kDuplicateAddress,
  kAddressInNoSegment,
  kAddressIsEdge,
  kReserved,
  kAddressInBridgeSubnet,
  kPrefixSyntax,
  kOverlap,
  kHostBits,
  kOutsidePool,
  kBipIsEdge,
  kPrefixLength,
  kPreviousBipEqual,
  kPreviousBipAlone,
  kVlanId,
  kVlanLinkClash,
  kBridgeIsUnderlay,
  kMark,
  kMasqueradeNoRouter,
  kMasqueradeUnknown,
  kMasqueradeNotAttached,
  kMasqueradeTwice,
  kNoPath,
  kSingleHost,
  kRouterOneSegment,
  kSameVlanId,
  kParentUnused,
  kSegmentInPool,
  kSegmentUnused,
};

struct CodeEntry {
  Code code;
  std::string_view text;     // "OVL-E001"; OVL-W… are warnings
  std::string_view summary;  // one line, as in docs/inventory.md
};

inline constexpr std::array kCodes = {
    CodeEntry{Code::kSyntax, "OVL-E001", "the file is not valid TOML"},
    CodeEntry{Code::kVersion, "OVL-E002", "`version` is not one this program reads"},
    CodeEntry{Code::kUnknownKey, "OVL-E003", "unknown key or section"},
    CodeEntry{Code::kWrongType, "OVL-E004", "a value has the wrong type"},
    CodeEntry{Code::kMissingKey, "OVL-E005", "a required key is missing"},
    CodeEntry{Code::kEmptyList, "OVL-E006", "a list is empty that needs an entry"},
    CodeEntry{Code::kNesting, "OVL-E007", "keys, tables or lists are nested too deeply"},
    CodeEntry{Code::kChoice, "OVL-E008", "a value is none of the words allowed"},
    CodeEntry{Code::kGivenTwice, "OVL-E009", "an override is given twice in one host"},
    CodeEntry{Code::kNoHosts, "OVL-E010", "there is no host"},
    CodeEntry{Code::kTooManyFaults, "OVL-E011", "more faults than are shown"},
    CodeEntry{Code::kNewer, "OVL-E012", "the file needs a later overland than this one"},
    CodeEntry{Code::kRelease, "OVL-E013", "`min_overland` is not a version"},
    CodeEntry{Code::kGeneration, "OVL-E014", "`generation` is below 0"},
    CodeEntry{Code::kCutOff, "OVL-E015", "the file says `end = true` and has no `[end]`"},
    CodeEntry{Code::kAfterEnd, "OVL-E016", "something stands in or after `[end]`"},
    CodeEntry{Code::kHostName, "OVL-E020", "a host's name is not a valid hostname"},
    CodeEntry{Code::kDuplicateHostName, "OVL-E021", "two hosts have the same name"},
    CodeEntry{Code::kShortNameClash, "OVL-E022", "a short name is the first label of another"},
    CodeEntry{Code::kPlainName, "OVL-E023", "a segment's or the cluster's name is not valid"},
    CodeEntry{Code::kDuplicateSegmentName, "OVL-E024", "two segments have the same name"},
    CodeEntry{Code::kInterfaceName, "OVL-E025", "not a usable name of a network interface"},
    CodeEntry{Code::kInterfaceNameLength, "OVL-E026", "an interface name is over 15 characters"},
    CodeEntry{Code::kVlanLinkNameLength, "OVL-E027",
              "a VLAN link's name would be over 15 characters"},
    CodeEntry{Code::kProgramPath, "OVL-E028", "not the absolute path of a dockerd"},
    CodeEntry{Code::kAddressSyntax, "OVL-E030", "not an IPv4 address"},
    CodeEntry{Code::kIpv6, "OVL-E031", "IPv6 is not supported yet"},
    CodeEntry{Code::kDuplicateAddress, "OVL-E032", "an address is given twice"},
    CodeEntry{Code::kAddressInNoSegment, "OVL-E033", "an address lies in no segment"},
    CodeEntry{Code::kAddressIsEdge, "OVL-E034",
              "an address is its segment's network or broadcast address"},
    CodeEntry{Code::kReserved, "OVL-E035", "an address or network lies in a reserved range"},
    CodeEntry{Code::kAddressInBridgeSubnet, "OVL-E036", "a host's address lies in a bridge subnet"},
    CodeEntry{Code::kPrefixSyntax, "OVL-E040", "not an IPv4 network or address with prefix length"},
    CodeEntry{Code::kOverlap, "OVL-E041", "two subnets overlap"},
    CodeEntry{Code::kHostBits, "OVL-E042", "a network has host bits set"},
    CodeEntry{Code::kOutsidePool, "OVL-E043", "a bip lies outside the pool"},
    CodeEntry{Code::kBipIsEdge, "OVL-E044", "a bip is a network or broadcast address"},
    CodeEntry{Code::kPrefixLength, "OVL-E045", "a prefix length makes no sense here"},
    CodeEntry{Code::kPreviousBipEqual, "OVL-E046", "`previous_bip` equals `bip`"},
    CodeEntry{Code::kPreviousBipAlone, "OVL-E047", "`previous_bip` without `bip`"},
    CodeEntry{Code::kVlanId, "OVL-E050", "a VLAN id is outside 1–4094"},
    CodeEntry{Code::kVlanLinkClash, "OVL-E051", "two segments of a host need the same VLAN link"},
    CodeEntry{Code::kBridgeIsUnderlay, "OVL-E052", "the bridge is an underlay link"},
    CodeEntry{Code::kMark, "OVL-E060", "`mark` is not exactly one bit of 32"},
    CodeEntry{Code::kMasqueradeNoRouter, "OVL-E061", "`masquerade` on a host that is no router"},
    CodeEntry{Code::kMasqueradeUnknown, "OVL-E062", "`masquerade` names an unknown segment"},
    CodeEntry{Code::kMasqueradeNotAttached, "OVL-E063",
              "`masquerade` names a segment the router is not in"},
    CodeEntry{Code::kMasqueradeTwice, "OVL-E064", "`masquerade` names a segment twice"},
    CodeEntry{Code::kNoPath, "OVL-E070", "no router connects two Docker hosts"},
    CodeEntry{Code::kSingleHost, "OVL-W101", "there is only one host"},
    CodeEntry{Code::kRouterOneSegment, "OVL-W102",
              "a router has addresses in fewer than two segments"},
    CodeEntry{Code::kSameVlanId, "OVL-W103", "two segments have the same VLAN id"},
    CodeEntry{Code::kParentUnused, "OVL-W104", "`parent` has no effect"},
    CodeEntry{Code::kSegmentInPool, "OVL-W105", "a segment overlaps the pool"},
    CodeEntry{Code::kSegmentUnused, "OVL-W106", "no host has an address in a segment"},
};

/// The entry of `code`; the table is in the order of the enumeration.
constexpr const CodeEntry& entry(Code code) { return kCodes[static_cast<std::size_t>(code)]; }

constexpr Severity severity(Code code) {
  return entry(code).text[4] == 'W' ? Severity::kWarning : Severity::kError;
}

}  // namespace overland::inventory
