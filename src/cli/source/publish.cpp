// The verb publish: a new document, or a change of the one that is there, written by compare and
// swap, so that of many who publish at one time each is in the result.

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <thread>

#include "base/error.h"
#include "cli/editing.h"
#include "cli/exit_code.h"
#include "cli/log.h"
#include "cli/source/verbs.h"
#include "source/accept.h"
#include "source/settings.h"
#include "source/signature.h"
#include "source/store/stores.h"

namespace overland::cli {
namespace {

using base::Error;
using base::ErrorKind;

constexpr auto kPatience = std::chrono::seconds(60);  // with others who publish

void add_store_options(po::options_description& options) {
  options.add_options()("source", po::value<std::string>()->default_value(source::kSettingsFile),
                        "where the inventory is kept")(
      "sign", po::value<std::string>(),
      "KEY: the file of the ssh key that signs the document; of a public one the agent has the "
      "other half")("dry-run", po::bool_switch(), "say what would be written, and write nothing");
}

/// So that those who failed together do not meet again.
void pause(unsigned tries) {
  constexpr unsigned kLongest = 500;  // milliseconds
  std::uint16_t chance = 0;
  if (::getrandom(&chance, sizeof chance, 0) != sizeof chance) chance = 1;
  const unsigned most = std::min(kLongest, 20U + 20U * tries);
  std::this_thread::sleep_for(std::chrono::milliseconds(chance % most));
}

/// Which document may be there before it is changed.
enum class Seen : std::uint8_t {
  kSigned,  // it is by whom hosts believe, where they ask: what stays of it is signed again
  kAny      // nothing of it stays
};

/// The document of a store, changed.
class StoredDocument {
 public:
  explicit StoredDocument(const po::variables_map& values)
      : settings_(source::read_settings(values["source"].as<std::string>())),
        store_(source::open_store(settings_)),
        dry_run_(values["dry-run"].as<bool>()) {
    if (values.count("sign") != 0) key_ = values["sign"].as<std::string>();
    if (!settings_.signers.empty() && key_.empty()) {
      throw Error(ErrorKind::kUsage,
                  "hosts take a signed document only (signers in source.toml): --sign KEY");
    }
    if (settings_.kind == source::Kind::kHttps) {
      throw Error(ErrorKind::kUsage,
                  "a server of files is not published to: put the document there as its other "
                  "files come there");
    }
  }

  [[nodiscard]] std::string name() const { return source::describe(settings_); }
  [[nodiscard]] bool dry_run() const { return dry_run_; }

  /// The one that is there, without its signature; nullopt where there is none.
  using Change = std::function<std::string(const std::optional<std::string>& before)>;
  /// Writes what `change` makes of the one that is there, as often as it takes; says whether
  /// anything changed. Throws kInventory where what is there may not be signed again, and
  /// kUnavailable after a minute of others who were faster.
  bool write(Seen seen, const Change& change) {
    const base::Deadline all(kPatience);
    for (unsigned tries = 0;; ++tries) {
      const auto before = store_->get(base::Deadline(settings_.timeout), "");
      const auto text = believe(before, seen);
      const std::string after = change(text);
      if (after == text && (key_.empty() || before->bytes != after)) return false;
      if (dry_run_) return true;
      const std::string bytes = finished(after);
      const base::Deadline deadline(settings_.timeout);
      if (store_->put(deadline, bytes, before ? before->version : source::kNoVersion)) return true;
      if (all.left().count() == 0) break;
      pause(tries);
    }
    throw Error(ErrorKind::kUnavailable,
                "others wrote " + name() + " again and again; nothing was written: run it again");
  }

  [[nodiscard]] source::Terms terms() const {
    source::Terms terms;
    terms.name = "the document";
    terms.generation_required = settings_.generation_required;
    return terms;
  }

 private:
  /// The document without its signature; nullopt where there is none, or one from nobody whom hosts
  /// believe, and nothing of it stays. Who signed such a one again would vouch for it.
  [[nodiscard]] std::optional<std::string> believe(const std::optional<source::Document>& before,
                                                   Seen seen) const {
    if (!before) return std::nullopt;
    const std::string text(source::split_signature(before->bytes).document);
    if (key_.empty()) return text;
    if (settings_.signers.empty()) {
      if (seen == Seen::kAny) return text;
      throw Error(ErrorKind::kUsage,
                  "what is there would be signed again, and nobody said by whom it may be: write "
                  "signers into source.toml");
    }
    try {
      source::verify(before->bytes, settings_.signers, settings_.timeout);
      return text;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInventory) throw;
      const std::string fault = error.what();
      if (seen == Seen::kSigned) {
        throw Error(ErrorKind::kInventory,
                    fault +
                        "; somebody else may have written it, so it is not signed again: put "
                        "one you know in its place: overland publish FILE --sign KEY");
      }
      spdlog::warn("{}; it is replaced, whatever its generation", fault);
      return std::nullopt;
    }
  }

  /// Signed, where it has to be, so that hosts take it.
  [[nodiscard]] std::string finished(const std::string& text) const {
    if (key_.empty()) return text;
    std::string bytes = source::sign(text, key_, settings_.timeout);
    if (!settings_.signers.empty()) source::verify(bytes, settings_.signers, settings_.timeout);
    return bytes;
  }

  source::Settings settings_;
  std::unique_ptr<source::Store> store_;
  bool dry_run_;
  std::string key_;  // empty: not signed
};

/// Where add, assign and remove edit.
class StorePlace : public EditPlace {
 public:
  [[nodiscard]] std::string verb(const std::string& name) const override {
    return "publish " + name;
  }
  [[nodiscard]] po::options_description options() const override {
    po::options_description options("Options");
    add_store_options(options);
    options.add_options()("json", po::bool_switch(), "print one JSON document");
    return options;
  }
  void choose(const po::variables_map& values, std::vector<std::string>*) override {
    document_.emplace(values);
  }
  Done edit(const Change& change, Lacks lacks) override {
    Done done;
    done.changed = document_->write(Seen::kSigned, [&](const std::optional<std::string>& before) {
      if (!before) {
        throw Error(
            ErrorKind::kUnavailable,
            name() + " has no document yet: overland publish FILE puts the first one there");
      }
      const inventory::Sources sources = {*before};  // a document has no fragments
      require_editable(sources, name(), {}, lacks);
      done.edit = change(sources);
      const std::string& after = done.edit.after.text;
      if (after != *before) {
        std::vector<inventory::Diagnostic> warnings;
        source::require_publishable(after, document_->terms(), warnings);
      }
      return after;
    });
    return done;
  }
  [[nodiscard]] std::string name() const override { return document_->name(); }
  [[nodiscard]] std::string path(const std::string&) const override { return name(); }
  [[nodiscard]] std::string roll_out(const std::string& but) const override {
    return "every host" + (but.empty() ? "" : " but " + but) +
           " fetches and applies it by its timers";
  }

 private:
  std::optional<StoredDocument> document_;
};

/// Of one that is none or faulty nothing is known.
inventory::Inventory known_of(const std::optional<std::string>& text) {
  if (!text) return {};
  return inventory::parse(*text).inventory.value_or(inventory::Inventory());
}

/// A file of another generation than the next was made from another document than the present.
void require_next(const std::optional<std::int64_t>& before,
                  const std::optional<std::int64_t>& after, const std::string& file) {
  if (!before || (after && *after > *before)) return;
  throw Error(ErrorKind::kInventory,
              "the document there has generation " + std::to_string(*before) + ", and " + file +
                  (after ? " has " + std::to_string(*after) : std::string(" has none")) +
                  ": somebody may have published since it was copied; take `overland fetch "
                  "--print`, change that and raise its generation");
}

int publish_file(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  add_store_options(options);
  options.add_options()("file", po::value<std::string>(),
                        "the inventory to publish; - is standard input; may be given without the "
                        "option");
  const auto values =
      parse(arguments, "publish [OPTIONS] FILE | add HOST ... | assign [HOST...] | remove HOST",
            options, "file");
  if (!values) return kOk;
  if (values->count("file") == 0) {
    throw Error(ErrorKind::kUsage,
                "publish takes a FILE, or a change of the document: publish add HOST --address "
                "ADDRESS, publish assign, publish remove HOST");
  }
  const auto file = (*values)["file"].as<std::string>();
  const std::string given = inventory::read_text(file, inventory::Owners::kAny);
  std::string text(source::split_signature(given).document);
  if (values->count("sign") != 0 && !text.ends_with('\n')) text += '\n';  // as it is signed
  StoredDocument document(*values);
  std::vector<inventory::Diagnostic> warnings;
  auto terms = document.terms();
  terms.name = file;
  const auto inventory = source::require_publishable(text, terms, warnings);
  log_lines(spdlog::level::warn, inventory::render(warnings, file));
  const bool changed = document.write(Seen::kAny, [&](const std::optional<std::string>& before) {
    if (before == text) return text;
    const auto there = known_of(before);
    source::require_cluster(inventory, file, there.cluster.name);
    require_next(there.generation, inventory.generation, file);
    return text;
  });
  std::cout << document.name() << ": " << (changed ? file + " published" : "unchanged")
            << (inventory.generation ? ", generation " + std::to_string(*inventory.generation) : "")
            << ", " << inventory.hosts.size() << " hosts"
            << (document.dry_run() ? "; a dry run, nothing was written\n" : "\n");
  return kOk;
}

}  // namespace

int publish_document(const std::vector<std::string>& arguments) {
  const std::string word = arguments.empty() ? "" : arguments.front();
  const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1),
                                      arguments.end());
  StorePlace place;
  if (word == "add") return add_host_in(place, rest);
  if (word == "assign") return assign_in(place, rest);
  if (word == "remove") return remove_host_in(place, rest);
  return publish_file(arguments);
}

}  // namespace overland::cli
