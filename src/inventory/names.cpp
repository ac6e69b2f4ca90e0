// What a name in the inventory may look like: hosts, links, programs.

#include <algorithm>

#include "inventory/letter_case.h"
#include "inventory/values.h"

namespace overland::inventory {
namespace {

constexpr std::size_t kLongestHostName = 253;  // hostname(7), RFC 1123 section 2.1
constexpr std::size_t kLongestLabel = 63;      // RFC 1035 section 2.3.4

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// What is wrong with the name, or empty.
std::string host_name_fault(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kLongestHostName) return "is longer than 253 characters";
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view label = name.substr(begin, end - begin);
    if (label.empty()) return "has an empty label";
    if (label.size() > kLongestLabel) return "has a label longer than 63 characters";
    if (label.front() == '-' || label.back() == '-') return "has a label with a hyphen at an end";
    const auto legal = [](char c) { return is_alphanumeric(c) || c == '-'; };
    if (!std::all_of(label.begin(), label.end(), legal)) return "has a character not allowed";
    begin = end + 1;
  }
  return {};
}

}  // namespace

bool check_host_name(const Text& text, Report& report) {
  std::string fault = host_name_fault(text.value);
  const std::string first = lower(text.value.substr(0, text.value.find('.')));
  // A machine whose hostname was never set would take itself for this host.
  if (fault.empty() && first == "localhost") fault = "is what every unnamed machine is called";
  if (fault.empty()) return true;
  report.add(Code::kHostName, text.at, "the host name " + quote(text.value) + " " + fault,
             "write the machine's hostname: letters, digits and hyphens, labels joined by dots");
  return false;
}

bool check_plain_name(const Text& text, const std::string& key, Report& report) {
  const auto legal = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  const std::string& name = text.value;
  if (!name.empty() && name.size() <= kLongestLabel &&
      std::all_of(name.begin(), name.end(), legal)) {
    return true;
  }
  report.add(Code::kPlainName, text.at,
             key + " " + quote(name) +
                 (name.empty()                  ? " is empty"
                  : name.size() > kLongestLabel ? " is longer than 63 characters"
                                                : " has a character not allowed"),
             "use 1 to 63 letters, digits, '-', '_' and '.'");
  return false;
}

bool check_interface_name(const Text& text, const std::string& key, Report& report) {
  const std::string& name = text.value;
  if (name.size() > kLongestInterface) {
    report.add(Code::kInterfaceNameLength, text.at,
               key + " " + quote(name) + " has " + std::to_string(name.size()) +
                   " characters; the kernel allows 15",
               "write the link's name as `ip link` shows it");
    return false;
  }
  // '%' is a pattern to the kernel (dev_alloc_name), '*' to nft, '@' a separator to ip(8); nft has
  // no way to write a quote or a backslash inside a name.
  const auto legal = [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("/:%*@\"'\\").find(c) == std::string_view::npos;
  };
  const bool dots = name == "." || name == "..";
  if (!name.empty() && !dots && std::all_of(name.begin(), name.end(), legal)) return true;
  report.add(Code::kInterfaceName, text.at,
             key + " " + quote(name) + " cannot be the name of a network interface",
             "write the link's name as `ip link` shows it, like \"eth0\"");
  return false;
}

bool check_program_path(const Text& text, const std::string& key, Report& report) {
  const std::string& path = text.value;
  const auto legal = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  // Another program might take what dockerd is asked, `--version`, for something to do.
  const bool dockerd = path.compare(path.rfind('/') + 1, 7, "dockerd") == 0;
  if (path.starts_with('/') && dockerd && path.size() <= kLongestPath &&
      std::all_of(path.begin(), path.end(), legal)) {
    return true;
  }
  report.add(Code::kProgramPath, text.at,
             key + " " + quote(path) + " is not the absolute path of a dockerd",
             "write where dockerd is, like \"/opt/docker/dockerd\"");
  return false;
}

}  // namespace overland::inventory
