#pragma once
// The kinds of stores, each asked at one URL.

#include <memory>
#include <string>

#include "source/settings.h"
#include "source/store.h"
#include "source/store/http.h"

namespace overland::source {

/// etcd v3 by its JSON gateway. A document is the value of one key.
std::unique_ptr<Store> make_etcd(const Settings& settings, const std::string& url);
/// The key-value store of Consul.
std::unique_ptr<Store> make_consul(const Settings& settings, const std::string& url);
/// A server of files. put() throws kUsage.
std::unique_ptr<Store> make_https(const Settings& settings, const std::string& url);

/// The store at `settings.urls`: the first that answers, within the time of all together.
std::unique_ptr<Store> open_store(const Settings& settings);

/// Throws kUnavailable: what `host` answered is no answer, and what to do about it.
[[noreturn]] void refuse_answer(const std::string& url, const Response& response);

/// The one shape every `put` has for a body that the store finds too large.
[[noreturn]] void refuse_size(const std::string& url, std::size_t size, const std::string& limit);

}  // namespace overland::source
