#include "inventory/edit/editor.h"

#include <limits>

#include "base/error.h"
#include "inventory/edit/key_style.h"

namespace overland::inventory {
namespace {

std::string list_of(const std::vector<model::Address>& addresses) {
  if (addresses.size() == 1) return quoted(addresses.front().to_string());
  std::string result;
  for (const auto& address : addresses) {
    result += (result.empty() ? "[" : ", ") + quoted(address.to_string());
  }
  return result + "]";
}

}  // namespace

Editor::Editor(const std::string& text) : text_(text), wanted_(text_.tree()) {}

void Editor::write_bip(std::size_t host, const model::InterfaceAddress& bip) {
  const toml::table& table = *host_list(text_)->get(host)->as_table();
  splices_.push_back(write_key(text_, table, "bip", quoted(bip.to_string())));
  wanted_["host"][host].as_table()->insert_or_assign("bip", bip.to_string());
}

void Editor::write_slot(std::size_t host, std::uint32_t slot) {
  const toml::table& table = *host_list(text_)->get(host)->as_table();
  splices_.push_back(write_key(text_, table, "slot", std::to_string(slot)));
  wanted_["host"][host].as_table()->insert_or_assign("slot", std::int64_t{slot});
}

void Editor::append_host(const std::string& name, const std::vector<model::Address>& addresses,
                         const std::optional<std::string>& bip) {
  HostLines lines = {{"name", quoted(name)}, {"address", list_of(addresses)}};
  toml::table host{{"name", name}};
  if (addresses.size() == 1) {
    host.insert("address", addresses.front().to_string());
  } else {
    toml::array list;
    for (const auto& address : addresses) list.push_back(address.to_string());
    host.insert("address", std::move(list));
  }
  if (bip) {
    lines.emplace_back("bip", quoted(*bip));
    host.insert("bip", *bip);
  }
  splices_.push_back(inventory::append_host(text_, lines));
  if (!wanted_.contains("host")) wanted_.insert("host", toml::array());
  wanted_["host"].as_array()->push_back(std::move(host));
}

Cut Editor::cut_host(std::size_t host) {
  auto& hosts = *wanted_["host"].as_array();
  Cut cut = inventory::cut_host(text_, *host_list(text_), host);
  splices_.insert(splices_.end(), cut.splices.begin(), cut.splices.end());
  hosts.erase(hosts.begin() + static_cast<std::ptrdiff_t>(host));
  if (hosts.empty() && text_.has_header(*host_list(text_)->get(0))) wanted_.erase("host");
  return cut;
}

std::optional<std::int64_t> Editor::raise_generation() {
  const toml::node* const node = text_.tree().get("generation");
  if (node == nullptr) return std::nullopt;
  const std::int64_t before = node->as_integer()->get();
  if (before == std::numeric_limits<std::int64_t>::max()) {
    throw base::Error(base::ErrorKind::kInventory,
                      "generation is the largest number there is and cannot be raised: give every "
                      "host a file with a lower one by `overland apply --force-generation`");
  }
  splices_.push_back({text_.span(*node), std::to_string(before + 1)});
  wanted_.insert_or_assign("generation", before + 1);
  return before + 1;
}

std::string Editor::finish() const {
  std::string result = spliced(text_.text(), splices_);
  const TomlText read(result);
  const std::string_view end = std::string_view(text_.text()).substr(text_.body_end());
  if (read.tree() != wanted_ || std::string_view(result).substr(read.body_end()) != end) {
    throw base::Error(base::ErrorKind::kFailure,
                      "the inventory is written in a way overland cannot edit, so nothing was "
                      "written: make this change by hand, and please report the file");
  }
  return result;
}

}  // namespace overland::inventory
