#include "fleet/script.h"

#include <array>
#include <cstdint>

namespace overland::fleet {
namespace {

/// All is one function, so that sh has read the whole before anything runs. The connection may end
/// at any time, of which sh hears when it next prints.
constexpr const char* kBegin = R"sh(set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
file=/etc/overland/inventory.toml
fragments=/etc/overland/inventory.d
folder=
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi; }
part() {
  printf '\n@begin %s\n' "$1"
  shift
  "$@"
  code=$?
  printf '\n@end %s\n' "$code"
}
sum() {
  as_root test -e "$file" || { echo none; return 0; }
  as_root cksum "$file" | cut -d ' ' -f 1,2
}
stage() {
  folder=$(as_root mktemp -d "$1/.overland-fleet.XXXXXX") || return
  encoded | base64 -d | as_root tee "$folder/inventory.toml" >/dev/null
}
# What is offered counts with the fragments that are here.
with_fragments() {
  if as_root find -H "$fragments" -name '*.toml' 2>/dev/null | grep -q .; then
    as_root "$@" --fragments "$fragments"
  else
    as_root "$@"
  fi
}
clean() { [ -z "$folder" ] || as_root rm -rf "$folder"; }
main() {
part version overland --version
)sh";

constexpr const char* kEnd = R"sh(}
trap clean EXIT
# PIPE: nobody listens any more.
trap 'exit 1' HUP INT TERM PIPE
main </dev/null
)sh";

constexpr const char* kInstall = R"sh(
replace() {
  as_root mkdir -p "${file%/*}" && stage "${file%/*}" || return
  if as_root test -L "$file"; then
    echo "$file is a symbolic link: whoever made it has to change it" >&2
    return 78
  fi
  if [ "$(sum)" != "$1" ]; then
    echo "$file was changed meanwhile: begin again" >&2
    return 75
  fi
  with_fragments overland validate "$folder/inventory.toml" >/dev/null || return
  as_root chmod 0644 "$folder/inventory.toml" || return
  as_root sync "$folder/inventory.toml" || return
  # Who is gone by now wants it no more; from here on what was begun is done.
  echo
  trap '' PIPE
  if as_root test -e "$file"; then
    as_root cp -p "$file" "$folder/bak" && as_root mv -f "$folder/bak" "$file.bak" || return
  fi
  as_root mv -f "$folder/inventory.toml" "$file" && as_root sync "${file%/*}"
}
)sh";

/// `text` as one word of sh.
std::string quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

/// The function that prints `toml` encoded.
std::string carrying(std::string_view toml) {
  return "encoded() {\ncat <<'END'\n" + base64(toml) + "END\n}\n";
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kBytesALine = 57;  // as RFC 2045 has it: 76 characters
  std::string text;
  text.reserve(bytes.size() / 3 * 4 + bytes.size() / kBytesALine + 8);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    if (i != 0 && i % kBytesALine == 0) text += '\n';
    std::uint32_t group = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      group = group << 8U | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    }
    std::array<char, 4> digits = {};
    for (std::size_t j = 4; j-- > 0; group >>= 6U) digits.at(j) = kDigits[group & 0x3fU];
    if (i + 1 >= bytes.size()) digits[2] = '=';
    if (i + 2 >= bytes.size()) digits[3] = '=';
    text.append(digits.data(), digits.size());
  }
  return text + "\n";
}

std::string status_script(bool probe) {
  std::string script = kBegin;
  script += "part status as_root overland status --json\n";
  if (probe) script += "part probe as_root overland probe --json\n";
  return script + kEnd;
}

std::string plan_script(std::string_view toml) {
  return carrying(toml) + kBegin +
         "stage /run || exit\n"
         "part plan with_fragments overland plan --json --inventory \"$folder/inventory.toml\"\n" +
         kEnd;
}

std::string check_script(std::string_view toml) {
  return carrying(toml) + kBegin +
         "part status as_root overland status --json\n"
         "part sum sum\n"
         "stage /run || exit\n"
         "part validate with_fragments overland validate --json \"$folder/inventory.toml\"\n"
         "part plan with_fragments overland plan --json --inventory \"$folder/inventory.toml\"\n" +
         kEnd;
}

std::string install_script(const Install& install) {
  std::string script = carrying(install.toml) + kInstall + kBegin;
  script += "part install replace " + quoted(install.sum) + "\n";
  if (install.apply) {
    script += "[ \"$code\" = 0 ] || exit\npart apply as_root overland apply --json --wait 120";
    for (const auto& option : install.options) script += " " + quoted(option);
    script += "\n";
  }
  return script + kEnd;
}

}  // namespace overland::fleet
