#include "kernel/peer_tables.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "kernel/link_message.h"

namespace overland::kernel {

using model::Address;
using model::Neighbour;

Address subject(const FdbEntry& entry) {
  if (entry.outer) return *entry.outer;
  return Address::from_bytes({entry.mac.data() + 2, 4});
}

bool is_right(const FdbEntry& entry) {
  return entry.plain && entry.outer && entry.mac == model::tunnel_mac(*entry.outer);
}

void dump_fdb(netlink::Socket& socket, int link, const std::function<void()>& restart,
              const std::function<void(const FdbEntry&)>& visit) {
  socket.dump([&](netlink::MessageBuffer& buffer) { put_fdb_of(buffer, link); }, restart,
              [&](const nlmsghdr& message) {
                const auto entry = read_fdb_entry(message);
                if (entry && entry->link == link) visit(*entry);
                return true;
              });
}

void dump_neighbours(netlink::Socket& socket, int link, const std::function<void()>& restart,
                     const std::function<void(const NeighbourEntry&)>& visit) {
  socket.dump([&](netlink::MessageBuffer& buffer) { put_neighbours_of(buffer, link); }, restart,
              [&](const nlmsghdr& message) {
                const auto entry = read_neighbour_entry(message);
                if (entry && entry->link == link) visit(*entry);
                return true;
              });
}

namespace {

/// One apply(): the steps, what became of each, and the socket.
class Batch {
 public:
  Batch(std::span<const plan::NeighbourStep> steps, int link)
      : steps_(steps), link_(link), outcomes_(steps.size()) {}

  /// A neighbour goes before the entry it leads by, and comes after it.
  std::vector<host::Outcome> run() {
    remove_neighbours();
    remove_fdb();
    add_fdb();
    add_neighbours();
    return std::move(outcomes_);
  }

 private:
  using Chosen = std::vector<std::size_t>;

  template <typename Is>
  [[nodiscard]] Chosen choose(Is is) const {
    Chosen chosen;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!outcomes_[i] && is(steps_[i])) chosen.push_back(i);
    }
    return chosen;
  }

  void fail(std::size_t step, const char* what, const netlink::Refusal& refusal) {
    const auto& one = steps_[step].to ? *steps_[step].to : *steps_[step].from;
    outcomes_[step] = netlink::refusal_error(
        std::string(what) + " " + one.address.to_string() + " of the tunnel", refusal);
  }

  void remove_neighbours() {
    const Chosen chosen = choose([](const auto& step) { return !step.to; });
    socket_.execute(
        chosen.size(),
        [&](netlink::MessageBuffer& buffer, std::size_t i) {
          put_delete_neighbour(buffer, link_, steps_[chosen[i]].from->address);
        },
        [&](std::size_t i, const nlmsghdr& message) {
          const auto refusal = netlink::read_refusal(message);
          if (refusal.error != ENOENT) fail(chosen[i], "cannot remove neighbour", refusal);
        });
  }

  /// Everything there is about whoever goes, or is not as it should be.
  void remove_fdb() {
    std::vector<std::pair<Address, std::size_t>> subjects;
    for (const std::size_t i : choose([](const auto& step) { return bool(step.from); })) {
      subjects.emplace_back(steps_[i].from->address, i);
      if (steps_[i].from->outer != Address()) subjects.emplace_back(steps_[i].from->outer, i);
    }
    if (subjects.empty()) return;
    std::sort(subjects.begin(), subjects.end());
    std::vector<std::pair<std::size_t, std::vector<std::uint8_t>>> gone;
    dump_fdb(
        socket_, link_, [&] { gone.clear(); },
        [&](const FdbEntry& entry) {
          const auto about = std::lower_bound(subjects.begin(), subjects.end(),
                                              std::pair(subject(entry), std::size_t{0}));
          if (about == subjects.end() || about->first != subject(entry)) return;
          const auto& to = steps_[about->second].to;
          if (to && is_right(entry) && entry.outer == to->outer) return;
          const auto bytes = entry.attributes;
          gone.emplace_back(about->second, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
        });
    socket_.execute(
        gone.size(),
        [&](netlink::MessageBuffer& buffer, std::size_t i) {
          put_delete_fdb(buffer, link_, gone[i].second);
        },
        [&](std::size_t i, const nlmsghdr& message) {
          const auto refusal = netlink::read_refusal(message);
          if (refusal.error != ENOENT) fail(gone[i].first, "cannot remove FDB entry for", refusal);
        });
  }

  void add_fdb() {
    const Chosen chosen = choose([](const auto& step) { return bool(step.to); });
    socket_.execute(
        chosen.size(),
        [&](netlink::MessageBuffer& buffer, std::size_t i) {
          const Address& outer = steps_[chosen[i]].to->outer;
          put_fdb_entry(buffer, link_, model::tunnel_mac(outer), outer);
        },
        [&](std::size_t i, const nlmsghdr& message) {
          fail(chosen[i], "cannot enter FDB entry for", netlink::read_refusal(message));
        });
  }

  void add_neighbours() {
    const Chosen chosen = choose([](const auto& step) { return bool(step.to); });
    Chosen full;
    socket_.execute(
        chosen.size(),
        [&](netlink::MessageBuffer& buffer, std::size_t i) {
          const Neighbour& to = *steps_[chosen[i]].to;
          put_neighbour_entry(buffer, link_, to.address, model::tunnel_mac(to.outer));
        },
        [&](std::size_t i, const nlmsghdr& message) {
          const auto refusal = netlink::read_refusal(message);
          if (refusal.error == ENOBUFS || refusal.error == ENOSPC) full.push_back(chosen[i]);
          fail(chosen[i], "cannot enter neighbour", refusal);
        });
    if (!full.empty()) explain(full);
  }

  /// Before Linux 5.0 permanent entries count, too.
  void explain(const Chosen& full) {
    std::size_t needed = full.size() + 1;
    socket_.dump(
        put_neighbour_dump, [&] { needed = full.size() + 1; },
        [&](const nlmsghdr&) { return ++needed != 0; });
    for (const std::size_t i : full) {
      const base::Error refused = *outcomes_[i];
      outcomes_[i] = base::Error(
          refused.kind(),
          std::string(refused.what()) +
              ": the neighbour table is full; set net.ipv4.neigh.default.gc_thresh3 to " +
              std::to_string(needed) + " at least",
          refused.errno_value());
    }
  }

  std::span<const plan::NeighbourStep> steps_;
  int link_;
  std::vector<host::Outcome> outcomes_;
  netlink::Socket socket_;
};

}  // namespace

std::vector<host::Outcome> change_peers(std::span<const plan::NeighbourStep> steps, int link) {
  return Batch(steps, link).run();
}

}  // namespace overland::kernel
