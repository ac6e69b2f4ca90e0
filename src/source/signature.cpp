#include "source/signature.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/printable.h"
#include "base/process.h"
#include "inventory/inventory.h"

namespace overland::source {
namespace {

constexpr const char* kKeygen = "/usr/bin/ssh-keygen";
constexpr std::string_view kBegin = "# -----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view kEnd = "# -----END SSH SIGNATURE-----";
constexpr std::string_view kComment = "# ";

/// A folder only we can open, with the document in it, which ssh-keygen reads from a stream.
class Desk {
 public:
  explicit Desk(std::string_view document) {
    std::string name = "/tmp/overland-fetch.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) base::throw_errno("cannot make a folder in /tmp", errno);
    folder_ = name;
    write("document", document);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  ~Desk() {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

  [[nodiscard]] std::string file(const char* name) const { return folder_ / name; }
  void write(const char* name, std::string_view content) const {
    base::replace_file(file(name), content, {0600, ::geteuid(), ::getegid()});
  }

 private:
  std::filesystem::path folder_;
};

/// The first line of what a program says.
std::string line_of(const std::string& text) {
  return base::shorten(text.substr(0, text.find_first_of("\r\n")), 200);  // its log ends in both
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

base::ProcessResult keygen(const std::vector<std::string>& arguments,
                           std::chrono::milliseconds patience, const std::string& input) {
  try {
    return base::run(kKeygen, arguments, patience, input);
  } catch (const base::Error& error) {
    if (error.errno_value() == ENOENT) {
      refuse(std::string("signatures need ") + kKeygen + ": install openssh-client");
    }
    if (error.errno_value() != ETIMEDOUT) throw;
    throw base::Error(base::ErrorKind::kUnavailable, error.what());
  }
}

}  // namespace

Signed split_signature(std::string_view bytes) {
  std::string_view body = bytes;
  while (body.ends_with('\n')) body.remove_suffix(1);
  const std::size_t begin = bytes.rfind(kBegin);
  const bool whole_line =
      begin == 0 || (begin != std::string_view::npos && bytes[begin - 1] == '\n');
  if (!whole_line || !body.ends_with(kEnd)) return {bytes, ""};
  std::istringstream lines{std::string(body.substr(begin))};
  std::string signature;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kComment)) return {bytes, ""};
    signature += line.substr(kComment.size()) + "\n";
  }
  return {bytes.substr(0, begin), signature};
}

std::string join_signature(std::string_view document, std::string_view signature) {
  std::string result(document);
  std::istringstream lines{std::string(signature)};
  for (std::string line; std::getline(lines, line);) {
    result += std::string(kComment) + line + "\n";
  }
  return result;
}

void verify(std::string_view bytes, const std::string& signers,
            std::chrono::milliseconds patience) {
  const Signed parts = split_signature(bytes);
  if (parts.signature.empty()) {
    refuse("the document is not signed, and " + signers + " says that it has to be");
  }
  const Desk desk(parts.document);
  desk.write("signature", parts.signature);
  const auto who = keygen({"-Y", "find-principals", "-s", desk.file("signature"), "-f", signers},
                          patience, "/dev/null");
  if (who.status != 0 || who.out.empty()) {
    refuse("nobody in " + signers + " has signed the document: " + line_of(who.err));
  }
  const std::string principal = who.out.substr(0, who.out.find('\n'));
  const auto good = keygen({"-Y", "verify", "-f", signers, "-I", principal, "-n", kNamespace, "-s",
                            desk.file("signature")},
                           patience, desk.file("document"));
  if (good.status != 0) {
    refuse("the signature of " + base::shorten(principal, 80) +
           " does not fit the document: " + line_of(good.err.empty() ? good.out : good.err));
  }
}

std::string sign(std::string_view document, const std::string& key,
                 std::chrono::milliseconds patience) {
  std::string whole(document);
  if (!whole.ends_with('\n')) whole += '\n';
  const Desk desk(whole);
  const char* const agent = std::getenv("SSH_AUTH_SOCK");
  const auto done =
      base::run("/usr/bin/env",
                {std::string("SSH_AUTH_SOCK=") + (agent == nullptr ? "" : agent), kKeygen, "-Y",
                 "sign", "-f", key, "-n", kNamespace, desk.file("document")},
                patience);
  const auto signature = base::read_file(desk.file("document.sig"), 64U << 10U);
  if (done.status == 0 && signature) return join_signature(whole, *signature);
  throw base::Error(base::ErrorKind::kUsage, "cannot sign with " + key + ": " + line_of(done.err) +
                                                 "; a key with a passphrase is used by ssh-agent");
}

}  // namespace overland::source
