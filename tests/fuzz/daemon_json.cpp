// Any text as daemon.json: refused, or edited so that foreign keys keep their values and taking our
// keys out again gives the bytes of before.

#include "docker/daemon_json.h"

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "docker/json_text.h"

using namespace overland;

namespace {

const std::string kFile = "daemon.json";
const model::DaemonKeys kSet = {{"bip", "\"192.168.100.1/24\""}, {"ip-forward-no-drop", "true"}};
const model::DaemonKeys kRemoved = {{"bip", std::nullopt}, {"ip-forward-no-drop", std::nullopt}};

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const std::string& text) {
  const auto before = docker::read_keys(text, kSet, kFile);
  const std::string edited = docker::edit_keys(text, kSet, kFile);
  require(docker::read_keys(edited, kSet, kFile) == kSet);
  require(docker::edit_keys(edited, kSet, kFile) == edited);
  const std::string cleaned = docker::edit_keys(edited, kRemoved, kFile);
  if (before == kRemoved) {
    require(docker::same_meaning(cleaned, text, kFile));
    if (!docker::is_blank(text)) require(cleaned == text);
  }
  // nlohmann's parser as the witness for everything foreign.
  auto was = nlohmann::json::parse(text, nullptr, false);
  auto now = nlohmann::json::parse(edited, nullptr, false);
  // A blank text, or what Docker takes and nlohmann does not: half a surrogate pair.
  if (was.is_discarded()) return;
  require(!now.is_discarded());
  for (const auto& [name, value] : kSet) {
    was.erase(name);
    now.erase(name);
  }
  require(was == now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const base::Error& error) {
    require(error.kind() == base::ErrorKind::kInvalid);
    require(std::string(error.what()).starts_with(kFile + ":"));
  }
  return 0;
}
