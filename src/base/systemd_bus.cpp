#include "base/systemd_bus.h"

#include <dlfcn.h>
#include <systemd/sd-bus.h>

#include <cerrno>
#include <utility>

#include "base/error.h"

namespace overland::base {
namespace {

// org.freedesktop.systemd1(5)
constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
// Not sd_bus_open_system(): that lets the environment say who is believed.
constexpr const char* kOwnSocket = "unix:path=/run/systemd/private";
constexpr const char* kSystemBus = "unix:path=/run/dbus/system_bus_socket";
constexpr const char* kLibrary = "libsystemd.so.0";  // its name since systemd 209

[[noreturn]] void fail_to_load() {
  const char* why = ::dlerror();
  throw Error(ErrorKind::kUnsupported, std::string("systemd cannot be asked without ") + kLibrary +
                                           ": " + (why == nullptr ? "" : why));
}

/// A function of the library, of whatever type is asked for.
struct Symbol {
  void* address;
  template <typename Function>
  operator Function*() const {
    return reinterpret_cast<Function*>(address);
  }
};

/// The library, for the rest of the process.
struct Library {
  void* handle = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);

  [[nodiscard]] Symbol find(const char* name) const {
    void* address = handle == nullptr ? nullptr : ::dlsym(handle, name);
    if (address == nullptr) fail_to_load();
    return {address};
  }

  decltype(&::sd_bus_new) bus_new = find("sd_bus_new");
  decltype(&::sd_bus_set_address) set_address = find("sd_bus_set_address");
  decltype(&::sd_bus_set_bus_client) set_bus_client = find("sd_bus_set_bus_client");
  decltype(&::sd_bus_start) start = find("sd_bus_start");
  decltype(&::sd_bus_is_ready) is_ready = find("sd_bus_is_ready");
  decltype(&::sd_bus_process) process = find("sd_bus_process");
  decltype(&::sd_bus_wait) wait = find("sd_bus_wait");
  decltype(&::sd_bus_close_unref) close_unref = find("sd_bus_close_unref");
  decltype(&::sd_bus_set_method_call_timeout) set_timeout = find("sd_bus_set_method_call_timeout");
  decltype(&::sd_bus_message_new_method_call) new_call = find("sd_bus_message_new_method_call");
  decltype(&::sd_bus_call) call = find("sd_bus_call");
  decltype(&::sd_bus_get_property) get_property = find("sd_bus_get_property");
  decltype(&::sd_bus_match_signal) match_signal = find("sd_bus_match_signal");
  decltype(&::sd_bus_error_free) error_free = find("sd_bus_error_free");
  decltype(&::sd_bus_message_ref) message_ref = find("sd_bus_message_ref");
  decltype(&::sd_bus_message_unref) message_unref = find("sd_bus_message_unref");
  decltype(&::sd_bus_message_append) append = find("sd_bus_message_append");
  decltype(&::sd_bus_message_read) read = find("sd_bus_message_read");
  decltype(&::sd_bus_message_enter_container) enter = find("sd_bus_message_enter_container");
  decltype(&::sd_bus_message_exit_container) leave = find("sd_bus_message_exit_container");
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

struct BusError {
  sd_bus_error value = {};
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { library().error_free(&value); }
};

/// Throws where `status` is a negative errno, as sd-bus returns them.
int check(int status, const std::string& what, const BusError* error = nullptr) {
  if (status >= 0) return status;
  const bool described = error != nullptr && error->value.message != nullptr;
  throw Error(ErrorKind::kFailure,
              what + ": " + (described ? error->value.message : errno_text(-status)), -status);
}

}  // namespace

void BusMessage::Release::operator()(sd_bus_message* message) const {
  library().message_unref(message);
}

BusMessage::Variadic BusMessage::reader() { return library().read; }
BusMessage::Variadic BusMessage::writer() { return library().append; }

bool BusMessage::checked(int status) { return check(status, "cannot read systemd's answer") > 0; }

bool BusMessage::enter(char type, const char* contents) {
  return checked(library().enter(message_.get(), type, contents));
}

void BusMessage::leave() { checked(library().leave(message_.get())); }

std::string BusMessage::text(const char* type) {
  const char* text = nullptr;
  if (!read(type, &text)) checked(-EBADMSG);
  return text;
}

std::vector<std::string> BusMessage::strings() {
  std::vector<std::string> strings;
  enter('a', "s");
  for (const char* text = nullptr; read("s", &text);) strings.emplace_back(text);
  leave();
  return strings;
}

SystemdBus::SystemdBus(const std::string& address, const Deadline& deadline) : deadline_(deadline) {
  if (!address.empty()) {
    connect(address.c_str(), false);
    return;
  }
  try {
    connect(kOwnSocket, false);
  } catch (const Error& error) {
    if (error.errno_value() == ETIMEDOUT || error.kind() == ErrorKind::kUnsupported) throw;
    connect(kSystemBus, true);
  }
}

void SystemdBus::Close::operator()(sd_bus* bus) const { library().close_unref(bus); }

void SystemdBus::connect(const char* address, bool bus_daemon) {
  const Library& sd = library();
  sd_bus* raw = nullptr;
  check(sd.bus_new(&raw), "cannot make a D-Bus connection");
  bus_.reset(raw);
  check(sd.set_address(raw, address), "cannot use systemd's address");
  if (bus_daemon) check(sd.set_bus_client(raw, 1), "cannot use the system bus");
  check(sd.start(raw), "cannot reach systemd");
  // Left to the first call, the greeting has a time limit of its own: 90 s.
  while (check(sd.is_ready(raw), "cannot reach systemd") == 0) process("cannot reach systemd");
}

std::uint64_t SystemdBus::left() const {
  const auto left = std::chrono::microseconds(deadline_.left()).count();
  if (left <= 0) check(-ETIMEDOUT, "systemd does not answer in time");
  return static_cast<std::uint64_t>(left);
}

BusMessage SystemdBus::make_call(const char* method) {
  sd_bus_message* raw = nullptr;
  check(library().new_call(bus_.get(), &raw, kService, kManagerPath, kManager, method),
        "cannot ask systemd");
  return BusMessage(raw);
}

BusMessage SystemdBus::send(const BusMessage& call, const char* else_say) {
  BusError error;
  sd_bus_message* answer = nullptr;
  const int status = library().call(bus_.get(), call.get(), left(), &error.value, &answer);
  BusMessage owner(answer);
  check(status, else_say, &error);
  return owner;
}

BusMessage SystemdBus::property(const std::string& path, const char* interface, const char* name,
                                const char* type) {
  check(library().set_timeout(bus_.get(), left()), "cannot ask systemd");
  BusError error;
  sd_bus_message* raw = nullptr;
  const int status = library().get_property(bus_.get(), kService, path.c_str(), interface, name,
                                            &error.value, &raw, type);
  check(status, std::string("systemd does not tell ") + name, &error);
  return BusMessage(raw);
}

void SystemdBus::listen(const char* signal, Listener take) {
  listener_ = std::move(take);
  constexpr sd_bus_message_handler_t kHear = [](sd_bus_message* message, void* self,
                                                sd_bus_error* /*error*/) {
    static_cast<SystemdBus*>(self)->hear(message);
    return 0;
  };
  check(library().set_timeout(bus_.get(), left()), "cannot listen to systemd");
  check(library().match_signal(bus_.get(), nullptr, kService, kManagerPath, kManager, signal, kHear,
                               this),
        "cannot listen to systemd");
  // Without a subscriber systemd sends no signals over the bus; on its own socket it always does.
  call("systemd does not tell what it does", "Subscribe", "");
}

void SystemdBus::hear(sd_bus_message* message) {
  try {
    BusMessage kept(library().message_ref(message));
    listener_(kept);
  } catch (...) {
    fault_ = std::current_exception();
  }
}

void SystemdBus::process(const char* else_say) {
  const int status = check(library().process(bus_.get(), nullptr), else_say);
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  if (status == 0) check(library().wait(bus_.get(), left()), else_say);
}

}  // namespace overland::base
