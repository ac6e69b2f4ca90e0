#pragma once
// Bytes as texts that JSON can hold.

#include <string>

namespace overland::reconcile {

/// The same where it is UTF-8, else its bytes in hexadecimal digits.
std::string text_of(const std::string& bytes);

/// Throws kInvalid where it is none of text_of().
std::string bytes_of(const std::string& text);

}  // namespace overland::reconcile
