#include "probe/post.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include "base/error.h"
#include "model/link.h"
#include "probe/space.h"

namespace overland::probe {
namespace {

/// How often, in packets, what was heard meanwhile is read: the queues stay short.
constexpr std::size_t kBetween = 64;

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace

Post::Post(const Stand& stand, std::vector<Evidence>& evidence)
    : evidence_(evidence),
      cookie_(random_number()),
      id_(static_cast<std::uint16_t>(cookie_)),
      inbound_id_(static_cast<std::uint16_t>(id_ ^ 0x8000U)),
      socket_(in_space(stand.space, [&] { return EchoSocket(stand.sender.source); })) {}

bool Post::watch(const std::string& link) {
  if (captures_.count(link) != 0) return captures_[link] != nullptr;
  auto& capture = captures_[link];
  try {
    capture = std::make_unique<Capture>(link, cookie_);
  } catch (const base::Error&) {
    // A link that went away just now: what passes it is not known, and nothing is said of it.
  }
  return capture != nullptr;
}

void Post::watch_tunnel() {
  if (packed_) return;
  try {
    packed_ = std::make_unique<Capture>(cookie_);
  } catch (const base::Error&) {
    return;  // nothing is said of it then
  }
  wait_for(packed_->fd(), POLLIN, [this] {
    packed_->receive([this](auto packet, bool leaving) {
      if (!leaving) file_packed(packet);
    });
  });
}

EchoSocket& Post::socket_for(Purpose purpose) {
  if (purpose != Purpose::kControl) return socket_;
  if (!control_) control_.emplace(model::Address());  // the kernel chooses the source
  return *control_;
}

void Post::send(std::size_t peer, std::size_t index) {
  Echo& echo = evidence_[peer].echoes[index];
  const auto number = static_cast<std::uint32_t>(sent_.size());
  const auto id = static_cast<std::uint16_t>(
      (echo.purpose == Purpose::kInbound ? inbound_id_ : id_) + (number >> 16U));
  const EchoName name = {id, static_cast<std::uint16_t>(number), cookie_, number};
  const auto message = echo_request(name, echo.size);
  auto& socket = socket_for(echo.purpose);
  sent_.push_back({static_cast<std::uint32_t>(peer), static_cast<std::uint32_t>(index), now()});
  ++echo.tries;
  echo.refused = socket.send(echo.to, message, echo.ttl);
  if (echo.refused == ENOBUFS || echo.refused == EAGAIN || echo.refused == EHOSTUNREACH) {
    // The first two: lost, as any packet may be. The last is the word for an earlier packet.
    echo.refused = socket.send(echo.to, message, echo.ttl);
    if (echo.refused == ENOBUFS || echo.refused == EAGAIN) echo.refused = 0;
  }
  if (sent_.size() % kBetween == 0) listen(std::chrono::steady_clock::time_point());
}

void Post::wait_for(int fd, short events, std::function<void()> ready) {
  others_[fd] = {events, std::move(ready)};
}

Echo* Post::find(const Heard& heard, const Sent** sent) {
  // Errors may quote no more than the header: then its numbers have to do.
  const auto number = heard.number.value_or(
      static_cast<std::uint32_t>(static_cast<std::uint16_t>(heard.id - id_)) << 16U |
      heard.sequence);
  const bool inbound = !heard.number && heard.id == inbound_id_;
  const std::uint32_t place = inbound ? heard.sequence : number;
  if (place >= sent_.size()) return nullptr;
  *sent = &sent_[place];
  return &evidence_[(*sent)->peer].echoes[(*sent)->echo];
}

void Post::file(std::span<const std::uint8_t> packet, Stamp at) {
  const auto heard = read_icmp(packet, cookie_);
  if (!heard || heard->type == kEchoRequest) return;
  const Sent* sent = nullptr;
  Echo* echo = find(*heard, &sent);
  if (echo == nullptr || echo->to != heard->asked) return;
  const auto after = std::chrono::duration_cast<Micros>(std::max(at - sent->at, Stamp(0)));
  if (heard->type == kEchoReply) {
    if (!echo->answered) echo->answered = after;
  } else {
    echo->complaint = Complaint{heard->type, heard->code, heard->from, heard->mtu, after};
  }
}

void Post::file_seen(std::span<const std::uint8_t> packet, bool leaving) {
  const auto heard = read_icmp(packet, cookie_);
  if (!heard || !heard->number) return;
  const Sent* sent = nullptr;
  Echo* echo = find(*heard, &sent);
  if (echo == nullptr) return;
  if (leaving && heard->type == kEchoRequest) echo->left_as = heard->from;
  if (!leaving && heard->type == kEchoReply) echo->came_back = true;
}

void Post::file_packed(std::span<const std::uint8_t> packet) {
  if (packet.size() < model::kVxlanOverhead) return;
  const auto heard = read_icmp(packet.subspan(model::kVxlanOverhead), cookie_);
  if (!heard || heard->type != kEchoReply) return;
  const Sent* sent = nullptr;
  Echo* echo = find(*heard, &sent);
  if (echo != nullptr) echo->packed_by = model::Address::from_bytes(packet.subspan(12, 4));
}

void Post::listen(std::chrono::steady_clock::time_point end) {
  std::vector<pollfd> waited = {{socket_.fd(), POLLIN, 0}};
  if (control_) waited.push_back({control_->fd(), POLLIN, 0});
  for (const auto& [link, capture] : captures_) {
    if (capture) waited.push_back({capture->fd(), POLLIN, 0});
  }
  for (const auto& [fd, other] : others_) waited.push_back({fd, other.first, 0});
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  const auto patience = std::max(left, std::chrono::milliseconds(0));
  if (::poll(waited.data(), waited.size(), static_cast<int>(patience.count())) <= 0) return;
  const auto take = [&](auto packet, Stamp at) { file(packet, at); };
  for (const auto& [link, capture] : captures_) {
    if (!capture) continue;
    capture->receive([&](auto packet, bool leaving) { file_seen(packet, leaving); });
  }
  socket_.receive(take);
  if (control_) control_->receive(take);
  const std::size_t first = waited.size() - others_.size();
  std::vector<std::function<void()>> ready;
  for (std::size_t i = first; i < waited.size(); ++i) {
    if (waited[i].revents != 0) ready.push_back(others_[waited[i].fd].second);
  }
  for (const auto& call : ready) call();
}

}  // namespace overland::probe
