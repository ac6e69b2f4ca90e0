#pragma once
// Flags on a dockerd command line. dockerd does not start where one setting stands both there and
// in daemon.json, even with the same value. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace overland::docker {

struct Flag {
  std::string name;   // long form without dashes: the key of daemon.json, or "config-file"
  std::string value;  // as written; "true" for a bare boolean flag
  std::string where;  // "the command line of dockerd (process 123)"

  /// "--bip=192.168.100.1/24"
  [[nodiscard]] std::string text() const { return "--" + name + "=" + value; }
  /// The value as daemon.json would hold it: "\"192.168.100.1/24\"", "true".
  [[nodiscard]] std::string json() const;
};

/// What all flags --default-address-pool among them say, as the value of daemon.json's
/// default-address-pools would; nullopt where there is none.
std::optional<std::string> address_pools_of(const std::vector<Flag>& flags);

/// Those of `arguments` (without the program's name) that fix a key overland may set, the bridge,
/// or the place of daemon.json.
std::vector<Flag> parse_flags(const std::vector<std::string>& arguments, const std::string& where);

/// Splits at white space, keeping what stands in quotes together, as systemd.service(5) does with
/// `$DOCKER_OPTS` and a shell does in Debian's init script.
std::vector<std::string> split_words(std::string_view text);

/// The assignments of an environment file (systemd.exec(5), EnvironmentFile=): NAME to value.
std::map<std::string, std::string> parse_environment(std::string_view text);

/// `arguments` with `$NAME` replaced by the words of that variable and `${NAME}` by its value;
/// unknown variables are empty.
std::vector<std::string> expand_variables(const std::vector<std::string>& arguments,
                                          const std::map<std::string, std::string>& environment);

}  // namespace overland::docker
