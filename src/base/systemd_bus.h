#pragma once
// A connection to systemd over D-Bus whose every wait ends with one deadline. libsystemd is loaded
// when the first one is made: most runs ask nothing of systemd. All throw kFailure where systemd
// cannot be asked, with ETIMEDOUT where it does not answer in time, and kUnsupported where there is
// no libsystemd.

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"

struct sd_bus;  // of systemd/sd-bus.h
struct sd_bus_message;

namespace overland::base {

// org.freedesktop.systemd1(5)
inline constexpr const char* kUnitInterface = "org.freedesktop.systemd1.Unit";
inline constexpr const char* kServiceInterface = "org.freedesktop.systemd1.Service";

/// An answer or a signal, read from its begin on, or a call.
class BusMessage {
 public:
  explicit BusMessage(sd_bus_message* owned) : message_(owned) {}

  /// Reads values of `types` into what the pointers behind it lead to, as sd_bus_message_read(3);
  /// strings live as long as the message. False at the end of an array.
  template <typename... Pointers>
  bool read(const char* types, Pointers... into) {
    return checked(reader()(message_.get(), types, into...));
  }
  /// Adds values of `types` to one that is to be sent, as sd_bus_message_append(3).
  template <typename... Values>
  void append(const char* types, Values... values) {
    checked(writer()(message_.get(), types, values...));
  }
  /// Into the next array ('a') or structure ('r') of `contents`; false where there is none left.
  bool enter(char type, const char* contents);
  void leave();
  /// The string or object path that comes next.
  std::string text(const char* type);
  /// The strings of an array of them that comes next.
  std::vector<std::string> strings();

  [[nodiscard]] sd_bus_message* get() const { return message_.get(); }

 private:
  struct Release {
    void operator()(sd_bus_message* message) const;
  };
  using Variadic = int (*)(sd_bus_message*, const char*, ...);
  static Variadic reader();
  static Variadic writer();
  /// Whether `status` is above 0; throws where it is below.
  static bool checked(int status);

  std::unique_ptr<sd_bus_message, Release> message_;
};

class SystemdBus {
 public:
  using Listener = std::function<void(BusMessage&)>;

  /// Connects to `address`; where that is empty, as systemctl(1) does: to systemd itself, so that
  /// the bus daemon need not run, or else to the bus. `deadline` is kept.
  SystemdBus(const std::string& address, const Deadline& deadline);

  /// What `method` of systemd's manager answers to `values` of `types`. `else_say` begins what is
  /// thrown.
  template <typename... Values>
  BusMessage call(const char* else_say, const char* method, const char* types, Values... values) {
    BusMessage request = make_call(method);
    request.append(types, values...);
    return send(request, else_say);
  }
  BusMessage property(const std::string& path, const char* interface, const char* name,
                      const char* type);
  /// Gives each of the manager's signals of that name to `take`, within process(). Once at most.
  void listen(const char* signal, Listener take);
  /// Lets something happen: a message handled, or a little time passed. Throws what a listener
  /// threw.
  void process(const char* else_say);

 private:
  struct Close {
    void operator()(sd_bus* bus) const;
  };

  void connect(const char* address, bool bus_daemon);
  /// Microseconds.
  [[nodiscard]] std::uint64_t left() const;
  BusMessage make_call(const char* method);
  BusMessage send(const BusMessage& call, const char* else_say);
  void hear(sd_bus_message* message);

  const Deadline& deadline_;
  Listener listener_;
  std::exception_ptr fault_;            // the listener's, which must not pass through sd-bus
  std::unique_ptr<sd_bus, Close> bus_;  // goes first: it calls the listener
};

}  // namespace overland::base
