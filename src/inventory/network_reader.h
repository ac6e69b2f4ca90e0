#pragma once
// The reader of one [[network]]. Only the files that read TOML include this.

#include <functional>

#include "inventory/read_parts.h"

namespace overland::inventory {

class NetworkReader {
 public:
  /// Reads to the end of `draft`'s networks.
  NetworkReader(toml::table& table, const SegmentIndex& segments, Draft& draft, Report& report);

  void run();

 private:
  [[nodiscard]] bool follows() const { return network_.maker == model::NetworkMaker::kOthers; }
  [[nodiscard]] bool absent(std::string_view key) const {
    return !fields_.has(key) && !fields_.misspelt(key);
  }
  bool require(std::string_view key, std::string_view example) {
    if (fields_.require(key, example)) return true;
    places_.complete = false;
    return false;
  }

  void read_name();
  std::optional<model::NetworkDriver> read_driver();
  void read_link();
  void read_hosts();
  void read_options();
  void read_bridge();
  void read_subnets();
  void read_reach();
  void refuse_others_keys();

  // macvlan and ipvlan l2
  void read_macvlan();
  void read_subnet();
  void read_segment();
  void read_parent();
  void read_shim();
  void read_gateway();
  void read_reserve();

  // ipvlan l3 and l3s
  void read_mode();
  void read_routed_ipvlan();

  // subnets and ranges
  /// A prefix for each host: in the table `named`, or as the pieces of `length` of `base`.
  void read_pieces(std::string_view named, std::string_view example, std::string_view base,
                   std::string_view length);
  void read_prefixes(std::string_view key);
  void read_length(std::string_view base, std::string_view key);
  std::optional<model::Prefix> read_prefix(const Text& text, const std::string& key);
  /// Each entry of the table `key`, as text.
  void read_table(std::string_view key, const std::string& example,
                  const std::function<void(std::string, Position, const Text&)>& use);

  void refuse_key(std::string_view key, const std::string& why);
  void refuse_keys(std::span<const std::string_view> keys, const std::string& owner,
                   const std::string& driver);
  /// Of two keys that say the same thing one is wanted.
  bool both(std::string_view one, std::string_view other);

  Fields fields_;
  const SegmentIndex& segments_;
  Network& network_;
  NetworkPlaces& places_;
  Report& report_;
  bool all_segment_names_;
  bool shim_denied_ = false;  // shim = false
};

}  // namespace overland::inventory
