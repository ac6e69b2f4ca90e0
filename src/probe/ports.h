#pragma once
// Links of the calling thread's network namespace as a probe needs them: who is plugged into a
// bridge, and a pair of our own. All throw what the kernel refuses.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"
#include "probe/packet.h"

namespace overland::probe {

struct Port {
  int index = 0;
  std::string name;
  int master = 0;            // index of its bridge; 0: none
  int other = 0;             // index of a veth's other end
  std::optional<int> space;  // the id, here, of the namespace that one is in
  std::uint32_t mtu = 0;     // bytes
  bool up = false;           // IFF_UP
  bool passes = false;       // operstate up (linux/if.h): packets get through
  bool ethernet = false;     // asks by ARP who has an address
  Mac mac = {};
};

/// All links.
std::vector<Port> ports();
/// nullopt where it is not there.
std::optional<Port> find_port(const std::string& name);
struct OwnAddress {
  int link = 0;  // index
  model::InterfaceAddress address;
};
/// All of IPv4.
std::vector<OwnAddress> own_addresses();
/// The id of namespace `space` here; nullopt where none of our links leads to it.
std::optional<int> space_id(int space);

/// Of a new pair.
struct Plug {
  std::string name;  // of the end here, a port of bridge `bridge`
  int bridge = 0;
  std::string inner;  // of the end in namespace `space`, which is down
  int space = -1;
  Mac mac = {};
  Mac inner_mac = {};
  std::uint32_t mtu = 0;  // of both
};
/// Makes both ends with one message. False where a link of that name is there.
bool plug_in(const Plug& plug);
/// What is gone is no error.
void unplug(const std::string& name);

/// In the namespace of the inner end: brings it up with `address` and the default gateway.
void set_up(const std::string& inner, const model::InterfaceAddress& address,
            const model::Address& gateway);

}  // namespace overland::probe
