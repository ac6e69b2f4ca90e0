#pragma once
// A connection to systemd over D-Bus whose every wait ends with one deadline. All throw kFailure
// where systemd cannot be asked, with ETIMEDOUT where it does not answer in time.

#include <systemd/sd-bus.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"

namespace overland::docker {

struct MessageRelease {
  void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageRelease>;

struct BusError {
  sd_bus_error value = {};
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { ::sd_bus_error_free(&value); }
};

/// `status` is a negative errno, as sd-bus returns them.
[[noreturn]] void fail(const std::string& what, int status, const BusError* error = nullptr);

/// Throws where `status` is an error.
void check(int status, const char* what);

class SystemdBus {
 public:
  /// Connects to `address`; where that is empty, as systemctl(1) does: to systemd itself, so that
  /// the bus daemon need not run, or else to the bus.
  SystemdBus(const std::string& address, const base::Deadline& deadline);

  /// For one call, which then takes no longer than what is left.
  sd_bus* get();
  /// What a method of systemd's manager answers; `text` is its only argument unless null.
  Message ask_manager(const char* method, const char* text, const std::string& else_say);
  Message property(const std::string& path, const char* interface, const char* name,
                   const char* type);
  std::string text_property(const std::string& path, const char* interface, const char* name);
  /// Lets something happen: a message handled, or a little time passed.
  void process(const char* else_say);

 private:
  struct Closer {
    void operator()(sd_bus* bus) const { ::sd_bus_close_unref(bus); }
  };
  using Bus = std::unique_ptr<sd_bus, Closer>;

  void connect(const char* address, bool bus_daemon);
  /// Microseconds.
  [[nodiscard]] std::uint64_t left() const;

  const base::Deadline& deadline_;
  Bus bus_;
};

/// The strings of an array of them that comes next in `message`.
std::vector<std::string> read_strings(sd_bus_message* message);

}  // namespace overland::docker
