#pragma once
// /etc/overland/source.toml: where the inventory comes from, and with which secrets. The file and
// those it names are root's, and nobody else reads what is secret.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace overland::source {

inline constexpr const char* kSettingsFile = "/etc/overland/source.toml";

enum class Kind : std::uint8_t { kEtcd, kConsul, kHttps };

struct Settings {
  Kind kind = Kind::kHttps;
  std::vector<std::string> urls;  // of one source, tried in this order; without a final slash
  std::string key;                // of etcd and Consul
  std::string ca;                 // a file of certificates in PEM; empty: those of the system
  std::string user;               // of etcd
  std::string password;
  std::string token;    // of Consul, etcd or a server that takes "Authorization: Bearer"
  std::string signers;  // allowed_signers of ssh-keygen(1); empty: signatures are not asked for
  bool generation_required = true;          // of a document
  std::chrono::milliseconds timeout{5000};  // for one visit of the source, all of it
};

/// Throws kInventory, with file and line of each fault and what to write instead, where the file is
/// missing, faulty, or not kept as it must be.
Settings read_settings(const std::filesystem::path& file);

/// "etcd https://10.0.0.5:2379 overland/inventory": no secret is in it.
std::string describe(const Settings& settings);

/// The host of a URL: "10.0.0.5", "store.example.org", "::1"; empty where it has none.
std::string host_of(const std::string& url);

}  // namespace overland::source
