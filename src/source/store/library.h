#pragma once
// libcurl, loaded when the first question is asked: hosts without a source need none. Either of
// Debian's builds will do. Shows curl.h; only this folder includes it.

#include <curl/curl.h>

namespace overland::source {

struct Curl {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) init;
  decltype(&::curl_easy_setopt) setopt;
  decltype(&::curl_easy_perform) perform;
  decltype(&::curl_easy_getinfo) getinfo;
  decltype(&::curl_easy_cleanup) cleanup;
  decltype(&::curl_easy_strerror) strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

/// Throws kUnsupported where there is none.
const Curl& curl();

}  // namespace overland::source
