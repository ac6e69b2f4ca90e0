#pragma once
// Fields of what Docker's API answers. All throw kInvalid where a field has another type. Only for
// this folder: it shows the library's types.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace overland::docker {

[[noreturn]] void refuse(const std::string& what);

/// `question` is for the error.
nlohmann::json parse_answer(const std::string& text, const std::string& question);

/// The sentence in an answer that says no ({"message":"…"}); all of it where it has none.
std::string words_of_refusal(std::string_view body);

/// Go writes null for what is empty: it counts as missing.
const nlohmann::json* member(const nlohmann::json& object, const char* name);
/// Empty where it is missing, as the next two.
std::string text_of(const nlohmann::json& object, const char* name);
bool flag_of(const nlohmann::json& object, const char* name);
const nlohmann::json& list_of(const nlohmann::json& object, const char* name);

}  // namespace overland::docker
