#include "probe/next_hops.h"

#include <poll.h>

#include <algorithm>

#include "base/error.h"
#include "model/link.h"

namespace overland::probe {

NextHops::NextHops(Post& post) : post_(post), own_(own_addresses()) {
  for (const Port& port : ports()) ports_[port.name] = port;
}

NextHops::~NextHops() {
  for (const auto& [name, link] : links_) {
    if (link.socket) post_.forget(link.socket->fd());
  }
}

NextHops::Link& NextHops::link(const std::string& name) {
  const auto [place, fresh] = links_.try_emplace(name);
  Link& link = place->second;
  const auto port = ports_.find(name);
  // Peers behind the tunnel are entered by hand, and no broadcast of ours gets there.
  if (!fresh || port == ports_.end() || !port->second.ethernet || name == model::kTunnelLink) {
    return link;
  }
  try {
    link.index = port->second.index;
    link.socket = std::make_unique<ArpSocket>(link.index, port->second.mac);
  } catch (const base::Error&) {
    return link;  // gone by now: nobody is asked there
  }
  post_.wait_for(link.socket->fd(), POLLIN, [&link] {
    link.socket->receive([&link](const model::Address& who) {
      const auto found = link.answered.find(who);
      if (found != link.answered.end()) found->second = true;
    });
  });
  return link;
}

model::Address NextHops::sender(const Link& link, const model::Address& target) const {
  model::Address any;
  for (const auto& own : own_) {
    if (own.link != link.index) continue;
    if (own.address.prefix().contains(target)) return own.address.address;
    any = own.address.address;
  }
  return any;
}

void NextHops::ask(const std::string& name, const model::Address& address) {
  Link& asked = link(name);
  if (!asked.socket || !asked.answered.try_emplace(address, false).second) return;
  asked.socket->ask(address, sender(asked, address));
}

void NextHops::step(Clock::time_point now) {
  if (again_ || now < asked_ + kPatience / 2) return;
  again_ = true;
  for (const auto& [name, link] : links_) {
    for (const auto& [address, answered] : link.answered) {
      if (!answered) link.socket->ask(address, sender(link, address));
    }
  }
}

Hop NextHops::of(const std::string& name, const model::Address& address) const {
  const auto link = links_.find(name);
  if (link == links_.end() || !link->second.socket) return Hop::kNotAsked;
  const auto found = link->second.answered.find(address);
  if (found == link->second.answered.end()) return Hop::kNotAsked;
  if (found->second) return Hop::kAnswers;
  return Clock::now() >= end() ? Hop::kSilent : Hop::kNotAsked;
}

bool NextHops::open(const std::string& name, const model::Address& address) const {
  const auto link = links_.find(name);
  if (link == links_.end() || !link->second.socket) return true;
  const auto found = link->second.answered.find(address);
  return found != link->second.answered.end() && found->second;
}

}  // namespace overland::probe
