#pragma once
// daemon.json as text: values read, keys set and removed. Pure. Whatever is not the edited key
// stays byte for byte: other keys, their order, indentation, line ends, the final newline. Setting
// keys and removing them again gives the text of before. `file` only names the text in errors; all
// throw kInvalid, with file:line:column, where dockerd would refuse the text.

#include <optional>
#include <string>
#include <string_view>

#include "model/docker.h"

namespace overland::docker {

/// The value of one top-level key as canonical compact JSON ({"b":1,"a":"x"} gives
/// {"a":"x","b":1}).
std::optional<std::string> value_of(std::string_view text, std::string_view key,
                                    const std::string& file);

/// The values of the keys named in `names`, nullopt for those that are not there.
model::DaemonKeys read_keys(std::string_view text, const model::DaemonKeys& names,
                            const std::string& file);

/// `text` with every key of `keys` set, or removed where its value is nullopt. A key that means the
/// same already is not touched. A blank text becomes a new object.
std::string edit_keys(std::string text, const model::DaemonKeys& keys, const std::string& file);

/// Throws where the text holds a key that dockerd refuses beside a wanted one: `bridge` beside
/// `bip`.
void refuse_rivals(std::string_view text, const model::DaemonKeys& wanted, const std::string& file);

/// The remedy where dockerd shall keep a bridge of its own (as JSON) in place of that `bip`.
std::string use_bridge(const std::string& bridge, const std::string& bip);

/// Throws where the text ties the bridge to another subnet than the wanted bip's: with such a
/// `default-gateway` dockerd does not start, with such a `fixed-cidr` it starts no container (28).
void refuse_other_subnet(std::string_view text, const model::DaemonKeys& wanted,
                         const std::string& file);

/// Whether dockerd reads the same settings from both texts. A blank text holds none.
bool same_meaning(std::string_view a, std::string_view b, const std::string& file);

/// Whether two JSON values mean the same; false where one is no JSON.
bool same_value(std::string_view a, std::string_view b);

}  // namespace overland::docker
