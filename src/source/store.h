#pragma once
// The port to where documents are kept. One document is one inventory, whole.

#include <optional>
#include <string>

#include "base/deadline.h"

namespace overland::source {

struct Document {
  std::string bytes;       // at most inventory::kLargestFile
  std::string version;     // etcd's mod_revision, Consul's ModifyIndex, an ETag; else empty
  std::string address;     // it came from, as a number
  bool unchanged = false;  // it is the one of the version that was given; `bytes` is empty
};

inline constexpr const char* kNoVersion =
    "0";  // of a document that is not there, to etcd and Consul

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// nullopt where the store has none of that name. `known`: a version that need not be sent again;
  /// may be empty. Throws kUnavailable where no answer comes, or none that can be believed.
  virtual std::optional<Document> get(const base::Deadline& deadline, const std::string& known) = 0;

  /// Puts `bytes` in the place of what has `version`. False where something else stands there by
  /// now; then that stays. Throws kUnavailable; what was written then nobody knows.
  virtual bool put(const base::Deadline& deadline, const std::string& bytes,
                   const std::string& version) = 0;
};

}  // namespace overland::source
