#include "source/store/library.h"

#include <dlfcn.h>

#include <string>

#include "base/error.h"

namespace overland::source {
namespace {

void* open_library() {
  // Debian's with OpenSSL (libcurl4, libcurl4t64), and with GnuTLS (libcurl3-gnutls, …t64-gnutls).
  for (const char* const name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
    if (void* const handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return handle;
  }
  throw base::Error(base::ErrorKind::kUnsupported,
                    "a source needs libcurl, which is not here: install it (Debian: libcurl4, "
                    "Fedora: libcurl)");
}

/// `function` of the library, of whatever type it has.
template <typename Function>
void find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  if (function != nullptr) return;
  throw base::Error(base::ErrorKind::kUnsupported, std::string("this libcurl has no ") + name);
}

Curl load() {
  void* const handle = open_library();
  Curl found = {};
  find(handle, "curl_global_init", found.global_init);
  find(handle, "curl_easy_init", found.init);
  find(handle, "curl_easy_setopt", found.setopt);
  find(handle, "curl_easy_perform", found.perform);
  find(handle, "curl_easy_getinfo", found.getinfo);
  find(handle, "curl_easy_cleanup", found.cleanup);
  find(handle, "curl_easy_strerror", found.strerror);
  find(handle, "curl_slist_append", found.slist_append);
  find(handle, "curl_slist_free_all", found.slist_free_all);
  if (found.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw base::Error(base::ErrorKind::kUnsupported, "libcurl does not start");
  }
  return found;
}

}  // namespace

const Curl& curl() {
  static const Curl loaded = load();
  return loaded;
}

}  // namespace overland::source
