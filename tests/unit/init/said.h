#pragma once
// What hosts say of themselves, as the script prints it.

#include <string>
#include <vector>

#include "init/found.h"

namespace overland::tests {

inline std::string part(const std::string& name, const std::string& text) {
  std::string result = "\n@" + name + "\n";
  std::string line;
  for (const char c : text + "\n") {
    if (c != '\n') {
      line += c;
    } else if (!line.empty()) {
      result += " " + line + "\n";
      line.clear();
    }
  }
  return result;
}

/// A link as `ip -j -d address` has it.
inline std::string link(const std::string& name, const std::string& address, int length,
                        const std::string& more = "") {
  return R"({"ifname":")" + name + R"(","addr_info":[{"family":"inet","local":")" + address +
         R"(","prefixlen":)" + std::to_string(length) + R"(,"scope":"global"}])" + more + "}";
}

inline std::string route(const std::string& destination, const std::string& gateway) {
  return R"({"dst":")" + destination + R"(","gateway":")" + gateway + R"(","dev":"eth0"})";
}

struct Said {
  std::string hostname = "h1";
  std::vector<std::string> links = {};
  std::vector<std::string> routes = {};
  std::string daemon_json = {}, dockerd = {}, networks = {}, nat = {}, forward = {}, flannel = {};

  [[nodiscard]] std::string text() const {
    const auto list = [](const std::vector<std::string>& all) {
      std::string result = "[";
      for (const auto& one : all) result += (result.size() > 1 ? "," : "") + one;
      return result + "]";
    };
    return "Welcome to the machine\n@forged\n\n@overland 1\n" + part("hostname", hostname) +
           part("addresses", list(links)) + part("routes", list(routes)) +
           part("daemon.json", daemon_json) + part("dockerd", dockerd) +
           part("networks", networks) + part("forward", forward) + part("nat", nat) +
           part("flannel", flannel) + "\n@end\n";
  }
};

/// Host number n: eth0 10.0.0.n, docker0 with that bip.
inline Said host(int number, const std::string& bip) {
  const std::string n = std::to_string(number);
  Said said;
  said.hostname = "h" + n;
  said.links = {link("eth0", "10.0.0." + n, 24),
                link("docker0", bip, 24, R"(,"linkinfo":{"info_kind":"bridge"})")};
  said.daemon_json = R"({"bip":")" + bip + R"(/24"})";
  return said;
}

inline std::vector<init::Found> found(const std::vector<Said>& all) {
  std::vector<init::Found> result;
  for (const Said& one : all) result.push_back(init::read_found(one.text()));
  return result;
}

}  // namespace overland::tests
