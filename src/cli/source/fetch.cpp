// The verb fetch: the document of the source takes the place of the local inventory, or nothing
// does.

#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <iostream>

#include "base/error.h"
#include "cli/content_hash.h"
#include "cli/exit_code.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/source/verbs.h"
#include "inventory/edit/edited_file.h"
#include "source/accept.h"
#include "source/record.h"
#include "source/settings.h"
#include "source/signature.h"
#include "source/store/stores.h"

namespace overland::cli {
namespace {

using base::Error;
using base::ErrorKind;
using source::Record;

po::options_description description() {
  auto options = inventory_options("the local file it becomes");
  options.add_options()("source", po::value<std::string>()->default_value(source::kSettingsFile),
                        "where the inventory comes from")(
      "host", po::value<std::string>(),
      "this machine's name in the inventory; otherwise its host name, then its addresses, decide")(
      "timeout", po::value<std::int64_t>(), "seconds for all of it; default: of the source's file")(
      "force-generation", po::bool_switch(), "take an inventory of a lower generation, too")(
      "print", po::bool_switch(), "print the document instead; nothing changes")(
      "quiet,q", po::bool_switch(), "say nothing where nothing changed")(
      "record", po::value<std::string>()->default_value("/var/lib/overland/source.json"),
      "what the visits came to, for status");
  return options;
}

std::int64_t now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_1970).count();
}

std::string own_name() {
  std::array<char, HOST_NAME_MAX + 1> name = {};
  if (::gethostname(name.data(), name.size() - 1) != 0) base::throw_errno("gethostname", errno);
  return name.data();
}

std::vector<model::Address> own_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) base::throw_errno("getifaddrs", errno);
  std::vector<model::Address> result;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    const auto& address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    result.push_back(model::Address::from_ipv4(ntohl(address.s_addr)));
  }
  ::freeifaddrs(list);
  return result;
}

/// What stands here, and what one visit makes of it.
class Visit {
 public:
  Visit(const po::variables_map& values, Record& record)
      : values_(values),
        record_(record),
        settings_(source::read_settings(values["source"].as<std::string>())),
        deadline_(values.count("timeout") != 0 ? std::chrono::seconds(seconds(values, "timeout", 1))
                                               : settings_.timeout) {
    const std::string name = source::describe(settings_);
    if (record_.source != name) record_.version.clear();  // of another source
    record_.source = name;
  }

  void print() {
    const auto document = take("");
    if (!settings_.signers.empty()) {
      source::verify(document.bytes, settings_.signers, deadline_.left());
    }
    std::cout << document.bytes;
  }

  void update(bool quiet) {
    const auto file = inventory::EditedFile::installed(name());
    const bool same_as_ours = file.there() && content_hash(file.text()) == record_.hash;
    const auto document = take(same_as_ours ? record_.version : "");
    if (document.unchanged || (file.there() && document.bytes == file.text())) {
      if (!document.unchanged) {
        const auto known = ours(file);
        remember(document, known ? known->generation : record_.generation);
      }
      if (!quiet) std::cout << name() << ": unchanged\n";
      return;
    }
    if (!settings_.signers.empty()) {
      source::verify(document.bytes, settings_.signers, deadline_.left());
    }
    const auto inventory = accept(document, file);
    file.replace(document.bytes);
    remember(document, inventory.generation);
    warn_of_circle(inventory, document);
    std::cout << name() << ": replaced"
              << (inventory.generation ? ", generation " + std::to_string(*inventory.generation)
                                       : "")
              << ", " << inventory.hosts.size() << " hosts, from " << record_.source << "\n";
  }

 private:
  [[nodiscard]] std::string name() const { return values_["inventory"].as<std::string>(); }

  /// Never an empty one, but where it is unchanged.
  source::Document take(const std::string& known) {
    auto document = source::open_store(settings_)->get(deadline_, known);
    if (!document) {
      throw Error(ErrorKind::kUnavailable,
                  record_.source + " has no document; the local one stays");
    }
    if (document->bytes.empty() && !document->unchanged) {
      throw Error(ErrorKind::kUnavailable,
                  record_.source + " has an empty document; the local one stays");
    }
    return std::move(*document);
  }

  [[nodiscard]] std::string folder() const { return fragments_of(name(), values_); }

  /// Those of the local file, which are no part of the document, and stay.
  [[nodiscard]] std::vector<inventory::Fragment> fragments() const {
    return inventory::read_fragments(folder(), inventory::Owners::kRootOnly);
  }

  /// The local file as apply would take it; nullopt where it would not, and says so itself.
  [[nodiscard]] std::optional<inventory::Inventory> ours(const inventory::EditedFile& file) const {
    if (!file.there()) return std::nullopt;
    try {
      return inventory::parse(inventory::Sources{file.text(), fragments()}).inventory;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInventory) throw;
      return std::nullopt;
    }
  }

  inventory::Inventory accept(const source::Document& document, const inventory::EditedFile& file) {
    source::Terms terms;
    terms.name = "the document of " + record_.source;
    terms.generation_required = settings_.generation_required;
    terms.folder = folder();
    terms.fragments = fragments();
    terms.least_generation = record_.generation;
    if (const auto before = ours(file)) {
      terms.least_generation = std::max(before->generation, record_.generation);
      terms.cluster = before->cluster.name;
    }
    terms.lower_generation = values_["force-generation"].as<bool>();
    if (values_.count("host") != 0) terms.host = values_["host"].as<std::string>();
    terms.hostname = own_name();
    terms.addresses = own_addresses;
    std::vector<inventory::Diagnostic> warnings;
    auto inventory = source::accept(document.bytes, terms, warnings);
    log_lines(spdlog::level::warn, inventory::render(warnings, terms.name, terms.folder));
    return inventory;
  }

  void remember(const source::Document& document, std::optional<std::int64_t> generation) {
    record_.generation = generation;
    record_.hash = content_hash(document.bytes);
    record_.version = settings_.kind == source::Kind::kHttps ? document.version : "";
  }

  void warn_of_circle(const inventory::Inventory& inventory, const source::Document& document) {
    record_.warning.clear();
    const auto address = model::Address::parse(document.address);
    const auto* const host = address ? source::host_around(inventory, *address) : nullptr;
    if (host == nullptr) return;
    record_.warning = "the source " + document.address + " is in a container subnet of host " +
                      host->name +
                      ", to which the inventory itself makes the way: where that breaks no "
                      "inventory can mend it; give the source an underlay address";
    spdlog::warn("{}", record_.warning);
  }

  const po::variables_map& values_;
  Record& record_;
  source::Settings settings_;
  base::Deadline deadline_;
};

void keep(const std::string& file, const Record& record) {
  try {
    source::store_record(file, record);
  } catch (const Error& error) {
    spdlog::warn("status is not told of this visit: {}", error.what());
  }
}

}  // namespace

int fetch_document(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "fetch [OPTIONS]", description());
  if (!values) return kOk;
  const auto file = (*values)["record"].as<std::string>();
  Record record = source::load_record(file).value_or(Record{});
  if ((*values)["print"].as<bool>()) {
    Visit(*values, record).print();
    return kOk;
  }
  record.last_visit = now();
  try {
    Visit(*values, record).update((*values)["quiet"].as<bool>());
    record.fault.clear();
    record.last_success = now();
  } catch (const Error& error) {
    record.fault = error.what();
    keep(file, record);
    throw;
  }
  keep(file, record);
  return kOk;
}

}  // namespace overland::cli
