#include "docker/systemd_bus.h"

#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace overland::docker {
namespace {

// org.freedesktop.systemd1(5)
constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
// Not sd_bus_open_system(): that lets the environment say who is believed.
constexpr const char* kOwnSocket = "unix:path=/run/systemd/private";
constexpr const char* kSystemBus = "unix:path=/run/dbus/system_bus_socket";

}  // namespace

void fail(const std::string& what, int status, const BusError* error) {
  const bool described = error != nullptr && error->value.message != nullptr;
  throw base::Error(base::ErrorKind::kFailure,
                    what + ": " + (described ? error->value.message : base::errno_text(-status)),
                    -status);
}

void check(int status, const char* what) {
  if (status < 0) fail(what, status);
}

SystemdBus::SystemdBus(const std::string& address, const base::Deadline& deadline)
    : deadline_(deadline) {
  if (!address.empty()) {
    connect(address.c_str(), false);
    return;
  }
  try {
    connect(kOwnSocket, false);
  } catch (const base::Error& error) {
    if (error.errno_value() == ETIMEDOUT) throw;
    connect(kSystemBus, true);
  }
}

void SystemdBus::connect(const char* address, bool bus_daemon) {
  sd_bus* raw = nullptr;
  check(::sd_bus_new(&raw), "cannot make a D-Bus connection");
  bus_.reset(raw);
  check(::sd_bus_set_address(raw, address), "cannot use systemd's address");
  if (bus_daemon) check(::sd_bus_set_bus_client(raw, 1), "cannot use the system bus");
  check(::sd_bus_start(raw), "cannot reach systemd");
  // Left to the first call, the greeting has a time limit of its own: 90 s.
  for (;;) {
    const int ready = ::sd_bus_is_ready(raw);
    check(ready, "cannot reach systemd");
    if (ready > 0) return;
    process("cannot reach systemd");
  }
}

std::uint64_t SystemdBus::left() const {
  const auto left = std::chrono::microseconds(deadline_.left()).count();
  if (left <= 0) fail("systemd does not answer in time", -ETIMEDOUT);
  return static_cast<std::uint64_t>(left);
}

sd_bus* SystemdBus::get() {
  check(::sd_bus_set_method_call_timeout(bus_.get(), left()), "cannot ask systemd");
  return bus_.get();
}

void SystemdBus::process(const char* else_say) {
  const int status = ::sd_bus_process(bus_.get(), nullptr);
  check(status, else_say);
  if (status == 0) check(::sd_bus_wait(bus_.get(), left()), else_say);
}

Message SystemdBus::ask_manager(const char* method, const char* text, const std::string& else_say) {
  BusError error;
  sd_bus_message* raw = nullptr;
  check(::sd_bus_message_new_method_call(get(), &raw, kService, kManagerPath, kManager, method),
        "cannot ask systemd");
  const Message call(raw);
  if (text != nullptr) check(::sd_bus_message_append(raw, "s", text), "cannot ask systemd");
  sd_bus_message* answer = nullptr;
  const int status = ::sd_bus_call(get(), raw, 0, &error.value, &answer);
  Message owner(answer);
  if (status < 0) fail(else_say, status, &error);
  return owner;
}

Message SystemdBus::property(const std::string& path, const char* interface, const char* name,
                             const char* type) {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int status = ::sd_bus_get_property(get(), kService, path.c_str(), interface, name,
                                           &error.value, &raw, type);
  if (status < 0) fail(std::string("systemd does not tell ") + name, status, &error);
  return Message(raw);
}

std::string SystemdBus::text_property(const std::string& path, const char* interface,
                                      const char* name) {
  const Message message = property(path, interface, name, "s");
  const char* text = nullptr;
  const int status = ::sd_bus_message_read(message.get(), "s", &text);
  check(status == 0 ? -EBADMSG : status, name);
  return text;
}

std::vector<std::string> read_strings(sd_bus_message* message) {
  std::vector<std::string> strings;
  check(::sd_bus_message_enter_container(message, 'a', "s"), "cannot read systemd's answer");
  const char* text = nullptr;
  int status = 0;
  while ((status = ::sd_bus_message_read(message, "s", &text)) > 0) strings.emplace_back(text);
  check(status, "cannot read systemd's answer");
  check(::sd_bus_message_exit_container(message), "cannot read systemd's answer");
  return strings;
}

}  // namespace overland::docker
