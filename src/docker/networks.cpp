#include "docker/networks.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "docker/api_json.h"
#include "docker/network_members.h"
#include "docker/network_spec.h"

namespace overland::docker {
namespace {

using base::Error;
using base::ErrorKind;
using model::NetworkMember;
using nlohmann::json;

json list_all(const Ask& ask) {
  json list = parse_answer(ask({"/networks"}), "/networks");
  if (!list.is_array()) refuse("the answer to /networks is no list");
  return list;
}

/// The network of that name that has our label, as GET /networks tells it; null where there is
/// none.
json find_ours(const std::string& name, const Ask& ask) {
  for (const json& entry : list_all(ask)) {
    if (text_of(entry, "Name") == name && ours(entry)) return entry;
  }
  return nullptr;
}

void remove(const std::string& id, const Ask& ask) { ask({"/networks/" + id, "DELETE"}); }

/// Whether Docker names, as what is in the way, a network that it does not list: another client's
/// that it is at, or one that 20.10, killed in the middle, left with the driver for good.
bool is_in_the_way_of_itself(const std::string& refusal, const Ask& ask) {
  constexpr std::string_view kWords = "conflicts with network ";  // and an id, in libnetwork
  constexpr std::size_t kIdLength = 64;
  const std::size_t at = refusal.find(kWords);
  if (at == std::string::npos) return false;
  const std::string rest = refusal.substr(at + kWords.size());
  const std::string id = rest.substr(0, rest.find(' '));
  if (id.size() != kIdLength) return false;
  try {
    return std::ranges::none_of(list_all(ask),
                                [&](const json& one) { return text_of(one, "Id") == id; });
  } catch (const Error&) {
    return false;  // what it refused with says more
  }
}

std::string create(const std::string& body, const Ask& ask) {
  try {
    const json answer = parse_answer(ask({"/networks/create", "POST", body}), "/networks/create");
    return text_of(answer, "Id");
  } catch (const Error& error) {
    if (!is_in_the_way_of_itself(error.what(), ask)) throw;
    throw Error(error.kind(),
                std::string(error.what()) +
                    "; Docker does not list that one: run overland apply again; where it says the "
                    "same, Docker was killed while it made or removed it (stop Docker, move "
                    "network/files/local-kv.db in its data root away, which forgets everybody's "
                    "networks, start it, and run overland apply)");
  }
}

/// Puts on it those that are not. Throws where one could not be told, when all others were.
void put_on(const plan::NetworkStep& step, const std::string& id, const Ask& ask) {
  if (!step.moved || step.moved->members.empty()) return;
  std::string faults;
  const auto now = members_of(step.to->name, ask);
  for (const auto& member : step.moved->members) {
    const auto there = std::ranges::find(now, member.id, &NetworkMember::id);
    if (there != now.end() && (there->network.empty() || there->network == id)) continue;
    try {
      // Stopped ones know a network by its id, and would not start on this one.
      if (there != now.end()) disconnect(id, member, ask);
      connect(id, member, ask);
    } catch (const Error& error) {
      faults += "; container " + member.name + " has to be connected to it again: " + error.what();
    }
  }
  if (!faults.empty()) throw Error(ErrorKind::kFailure, "it is made" + faults);
}

/// A network made anew under its containers.
class Exchange {
 public:
  Exchange(const plan::NetworkStep& step, const json& now, const Ask& ask, const Ask& back)
      : step_(step), ask_(ask), back_(back), id_(text_of(now, "Id")) {
    before_ = parse_answer(ask_({"/networks/" + id_}), "/networks/ID");
    for (auto& one : members_of(step_.from->name, ask_)) {
      if (is_on(one)) members_.push_back(std::move(one));
    }
    if (!members_.empty() && !step_.members) refuse_users(members_);
    if (!step_.moved) return;
    std::vector<NetworkMember> newcomers;
    for (const auto& one : members_) {
      const auto& known = step_.moved->members;
      const bool is = std::ranges::find(known, one.id, &NetworkMember::id) != known.end();
      if (!is) newcomers.push_back(one);
    }
    if (!newcomers.empty()) refuse_users(newcomers);
    if (step_.to) add_missing();
  }

  void carry_out() {
    try {
      for (const auto& member : members_) {
        if (off_.contains(member.id)) continue;
        disconnect(id_, member, ask_);
        off_.insert(member.id);
      }
      remove(id_, ask_);
      gone_ = true;
      if (!step_.to) return;
      making_ = true;
      made_ = create(create_body(*step_.to), ask_);
      for (const auto& member : members_) {
        connect(made_, member, ask_);
        on_new_.insert(member.id);
      }
    } catch (const Error& error) {
      const std::string faults = put_back();
      throw Error(error.kind(),
                  std::string(error.what()) +
                      (faults.empty() ? "; it is as it was before, with the same containers"
                                      : "; nor could it be put back as it was: " + faults +
                                            "; on it were " + names(members_)));
    }
  }

 private:
  static std::string names(const std::vector<NetworkMember>& members) {
    std::string list;
    for (const auto& one : members) list += (list.empty() ? "" : ", ") + one.name;
    return list.empty() ? "no containers" : list;
  }
  [[noreturn]] static void refuse_users(const std::vector<NetworkMember>& users) {
    throw Error(ErrorKind::kFailure, "containers use it by now: " + names(users));
  }
  /// A stopped one may name another network of that name, which is gone or somebody else's.
  [[nodiscard]] bool is_on(const NetworkMember& one) const {
    if (one.network.empty() || one.network == id_ || !step_.moved) return true;
    const auto& known = step_.moved->members;
    return std::ranges::find(known, one.id, &NetworkMember::id) != known.end();
  }
  /// Those that are off it already: an earlier run was cut off.
  void add_missing() {
    for (const auto& one : step_.moved->members) {
      const bool on = std::ranges::find(members_, one.id, &NetworkMember::id) != members_.end();
      if (on) continue;
      members_.push_back(one);
      off_.insert(one.id);
    }
  }
  /// What could not be done of it; each step is tried whatever came of the others.
  std::string put_back() {
    std::string faults;
    const auto attempt = [&](auto action) {
      try {
        action();
      } catch (const Error& error) {
        faults += (faults.empty() ? "" : "; ") + std::string(error.what());
      }
    };
    if (making_ && made_.empty()) attempt([&] { made_ = made_unheard(); });
    if (!made_.empty()) {
      for (const auto& member : members_) {
        if (on_new_.contains(member.id)) attempt([&] { disconnect(made_, member, back_); });
      }
      attempt([&] { remove(made_, back_); });
    }
    if (gone_) attempt([&] { id_ = create(create_body_like(before_), back_); });
    for (const auto& member : members_) {
      if (off_.contains(member.id)) attempt([&] { connect(id_, member, back_); });
    }
    return faults;
  }

  /// The id of one that Docker made though its answer was not waited for; else empty.
  [[nodiscard]] std::string made_unheard() const {
    const json found = find_ours(step_.to->name, back_);
    return found.is_null() ? "" : text_of(found, "Id");
  }

  const plan::NetworkStep& step_;
  const Ask& ask_;
  const Ask& back_;
  std::string id_;  // of the one before
  json before_;
  std::vector<NetworkMember> members_;
  std::set<std::string> off_;     // members that are off the old one
  std::set<std::string> on_new_;  // and on the new one
  bool gone_ = false;             // the old one is
  bool making_ = false;           // Docker was told to make the new one
  std::string made_;              // id of the new one
};

}  // namespace

void carry_out(const plan::NetworkStep& step, const Ask& ask, const Ask& back) {
  const std::string name = (step.to ? step.to : step.from)->name;
  const json now = find_ours(name, ask);
  if (now.is_null()) {
    if (step.to) put_on(step, create(create_body(*step.to), ask), ask);
    return;
  }
  const bool stands = step.to && ours(now) == std::optional(*step.to);
  if (stands && (step.from != step.to || step.only_connects())) {
    return put_on(step, text_of(now, "Id"), ask);
  }
  if (!step.from) {
    throw Error(ErrorKind::kFailure, "another network of that name was made meanwhile");
  }
  Exchange(step, now, ask, back).carry_out();
}

}  // namespace overland::docker
