#pragma once
// Small inventories, and what goes wrong with an edit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "inventory/edit/edit.h"

namespace overland::tests {

inline const std::string kHead = R"(version = 1
generation = 7  # counted by hand
[cluster]
pool = "10.100.0.0/16"

[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
)";

inline std::string head_without_generation() {
  std::string head = kHead;
  head.erase(head.find("generation"), head.find("[cluster]") - head.find("generation"));
  return head;
}

/// The sentence of the error, which must be of that kind.
template <typename Call>
std::string fault(base::ErrorKind kind, Call call) {
  try {
    call();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no fault";
  return {};
}

inline std::string assigned(const std::string& text, const inventory::AssignRequest& request = {}) {
  return inventory::assign({text}, request).after.text;
}

inline inventory::NewHost new_host(const std::string& name, const std::string& address) {
  inventory::NewHost host;
  host.name = name;
  host.addresses = {*model::Address::parse(address)};
  host.from_pool = true;
  return host;
}

}  // namespace overland::tests
