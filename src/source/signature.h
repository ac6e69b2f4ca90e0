#pragma once
// The signature of a document is its last lines, each a comment: what ssh-keygen(1) -Y sign made of
// all before them. So one document is one value in a store, and never without its own signature.

#include <chrono>
#include <string>
#include <string_view>

namespace overland::source {

inline constexpr const char* kNamespace = "overland";  // -n of ssh-keygen

struct Signed {
  std::string_view document;  // what is signed
  std::string signature;      // as ssh-keygen reads it; empty: there is none
};

Signed split_signature(std::string_view bytes);

/// `document`, which has none, and `signature` behind it.
std::string join_signature(std::string_view document, std::string_view signature);

/// Throws kInventory where nobody in the file `signers` has signed `bytes`; kUnavailable where that
/// cannot be found out in time.
void verify(std::string_view bytes, const std::string& signers, std::chrono::milliseconds patience);

/// `document` signed with the key in that file, or the public key there by the agent of
/// SSH_AUTH_SOCK. Throws kUsage where it cannot be.
std::string sign(std::string_view document, const std::string& key,
                 std::chrono::milliseconds patience);

}  // namespace overland::source
