#include "inventory/sources.h"

#include <algorithm>
#include <utility>

namespace overland::inventory {
namespace {

std::uint32_t lines_of(std::string_view text) {
  // One more than it has ends: the last line may have none, and a fault may stand behind the last.
  return static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 2);
}

}  // namespace

std::string joined(Sources sources) {
  std::string bytes = std::move(sources.text);
  for (const Fragment& fragment : sources.fragments) {
    bytes += '\0' + fragment.name + '\0' + fragment.text;
  }
  return bytes;
}

std::size_t size_of_joined(const Sources& sources) {
  std::size_t size = sources.text.size();
  for (const Fragment& fragment : sources.fragments) {
    size += 2 + fragment.name.size() + fragment.text.size();
  }
  return size;
}

Sources separated(std::string bytes) {
  std::size_t end = bytes.find('\0');
  if (end == std::string::npos) return {std::move(bytes)};
  Sources result = {bytes.substr(0, end)};
  while (end != std::string::npos) {
    const std::size_t name = end + 1;
    const std::size_t text = std::min(bytes.find('\0', name), bytes.size());
    const std::size_t next = bytes.find('\0', std::min(text + 1, bytes.size()));
    Fragment& fragment = result.fragments.emplace_back();
    fragment.name = bytes.substr(name, text - name);
    if (text < bytes.size()) fragment.text = bytes.substr(text + 1, next - text - 1);
    end = next;
  }
  return result;
}

Places::Places(const Sources& sources) {
  std::uint32_t lines = sources.fragments.empty() ? 0 : lines_of(sources.text);
  for (const Fragment& fragment : sources.fragments) {
    begins_.push_back(lines);
    names_.push_back(fragment.name);
    lines += lines_of(fragment.text);
  }
}

Place Places::locate(Position position) const {
  // Lines count from 1, so the line right behind `begin` is a fragment's first.
  const auto after = std::lower_bound(begins_.begin(), begins_.end(), position.line);
  const auto document = static_cast<std::size_t>(after - begins_.begin());
  if (position.line == 0) return {0, position};
  position.line -= lines_before(document);
  return {document, position};
}

const std::string& Places::name(std::size_t document) const {
  static const std::string kMain;
  return document == 0 ? kMain : names_[document - 1];
}

std::string Places::line(Position position) const {
  const Place place = locate(position);
  std::string text = "line " + std::to_string(place.position.line);
  if (begins_.empty()) return text;
  return text + " of " + (place.document == 0 ? "the main file" : name(place.document));
}

}  // namespace overland::inventory
