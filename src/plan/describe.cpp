#include "plan/describe.h"

#include <utility>

#include "plan/nouns.h"

namespace overland::plan {

Operation operation(const Step& step) {
  return std::visit([](const auto& one) { return operation_of(one); }, step);
}

std::string name(Operation operation) {
  constexpr std::array kNames = {"create", "change", "remove", "restart"};
  return kNames.at(static_cast<std::size_t>(operation));
}

char sign(Operation operation) { return "+~-!"[static_cast<std::size_t>(operation)]; }

const char* kind(const Step& step) {
  return std::visit([](const auto& one) { return kind_of(one); }, step);
}

std::set<std::string> kinds() {
  const auto of_all = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::set<std::string>{kind_of(std::variant_alternative_t<I, Step>())...};
  };
  return of_all(std::make_index_sequence<std::variant_size_v<Step>>());
}

Words words(const Step& step) {
  return std::visit([](const auto& one) { return words_of(one); }, step);
}

std::string join(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

}  // namespace overland::plan
