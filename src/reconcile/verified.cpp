#include "reconcile/verified.h"

#include <time.h>
#include <unistd.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"

namespace overland::reconcile {
namespace {

constexpr std::size_t kLimit = std::size_t{4} << 20U;  // a line a sysctl, of some 4000 links
constexpr std::string_view kHead = "overland verified 1 ";

std::string sum_of(std::string_view body) {
  base::Digest sum(0);
  sum.add(body);
  return std::to_string(sum.value());
}

/// What stands before the first `end`, which is taken out of `text` with it.
std::string_view take(std::string_view& text, char end) {
  const std::string_view part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end;
}

/// One line of the body; false where it says nothing known.
bool read_line(std::string_view line, Verified& record) {
  const std::string_view word = take(line, ' ');
  if (word == "seed") return read_number(line, record.seed);
  if (word == "looked") return read_number(line, record.looked);
  const std::pair<const char*, std::string*> texts[] = {
      {"host", &record.host}, {"dockerd", &record.dockerd}, {"unit", &record.unit}};
  for (const auto& [name, into] : texts) {
    if (word != name) continue;
    *into = line;
    return true;
  }
  if (word == "sysctl") {
    record.sysctls.emplace_back(line);
    return true;
  }
  if (word != "fact") return false;
  const std::string name(take(line, ' '));
  record.facts[name] = line;
  return true;
}

std::string body_of(const Verified& record) {
  std::string body = "seed " + std::to_string(record.seed) + "\nlooked " +
                     std::to_string(record.looked) + "\nhost " + record.host + "\ndockerd " +
                     record.dockerd + "\nunit " + record.unit + "\n";
  for (const auto& key : record.sysctls) body += "sysctl " + key + "\n";
  for (const auto& [name, value] : record.facts) body += "fact " + name + " " + value + "\n";
  return body;
}

std::optional<Verified> parse(std::string_view text) {
  if (!text.starts_with(kHead)) return std::nullopt;
  text.remove_prefix(kHead.size());
  const std::string_view sum = take(text, '\n');
  if (sum != sum_of(text)) return std::nullopt;
  Verified record;
  while (!text.empty()) {
    if (!read_line(take(text, '\n'), record)) return std::nullopt;
  }
  return record;
}

}  // namespace

std::int64_t boot_seconds() {
  timespec now = {};
  if (::clock_gettime(CLOCK_BOOTTIME, &now) != 0) base::throw_errno("clock_gettime", errno);
  return now.tv_sec;
}

bool fresh(const Verified& record, std::int64_t now) {
  return record.looked <= now && now - record.looked < kWholeLook.count();
}

std::optional<Verified> load_verified(const std::filesystem::path& file) {
  try {
    const auto text = base::read_trusted(file, kLimit, base::Sticky::kFoldersOnly);
    return text ? parse(*text) : std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;  // a whole look needs none, and store_verified() meets the same
  }
}

void store_verified(const std::filesystem::path& file, const Verified& record) {
  const std::string body = body_of(record);
  if (parse(std::string(kHead) + sum_of(body) + "\n" + body) != record) return;
  base::replace_file(file, std::string(kHead) + sum_of(body) + "\n" + body,
                     {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
}

}  // namespace overland::reconcile
