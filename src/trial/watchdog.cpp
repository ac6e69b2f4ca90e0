#include "trial/watchdog.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/pipe.h"
#include "trial/watch.h"

namespace overland::trial {

std::string describe(End end) {
  switch (end) {
    case End::kConfirmed:
      return "it was confirmed";
    case End::kExpired:
      return "nobody confirmed it in time";
    case End::kAsked:
      return "that was asked for";
    case End::kOrphaned:
      return "whoever started it died before it was made";
    case End::kTooSlow:
      return "it was not made in time";
    case End::kNotWhole:
      return "not all of it could be made";
  }
  return {};
}

Watchdog::Watchdog(const Places& places, std::chrono::seconds timeout, const Work& work) {
  Listener listener(places);
  base::Pipe wishes = base::make_pipe();
  base::Pipe news = base::make_pipe();
  pid_ = ::fork();
  if (pid_ < 0) {
    listener.remove();
    base::throw_errno("cannot start the watchdog", errno);
  }
  if (pid_ == 0) {
    wishes.writer = base::UniqueFd();  // or its end would never be seen
    news.reader = base::UniqueFd();
    watch(listener, timeout, work, wishes.reader.get(), news.writer.get());
  }
  wishes_ = std::move(wishes.writer);
  news_ = std::move(news.reader);
  news.writer = base::UniqueFd();
  while (heard_.empty()) {
    if (hear() != News::kOver) continue;
    listener.remove();
    throw base::Error(base::ErrorKind::kFailure, "the watchdog died before the trial began");
  }
  heard_.clear();
}

void Watchdog::begin() const { tell(wishes_.get(), {&kBeginWish, 1}); }
void Watchdog::keep() const { tell(wishes_.get(), {&kKeepWish, 1}); }
void Watchdog::undo() const { tell(wishes_.get(), {&kUndoWish, 1}); }

Watchdog::News Watchdog::hear() {
  std::array<char, 4096> chunk;
  const ssize_t got = ::read(news_.get(), chunk.data(), chunk.size());
  if (got < 0 && errno == EINTR) return News::kNone;
  const bool first = heard_.empty();
  if (got > 0) heard_.append(chunk.data(), static_cast<std::size_t>(got));
  const bool over = got <= 0 || heard_.back() == '\0';
  if (over) {
    ::waitpid(pid_, nullptr, 0);
    return News::kOver;
  }
  return first && heard_.front() == kMadeNews ? News::kMade : News::kNone;
}

std::optional<Verdict> Watchdog::verdict() const {
  const std::size_t begin = heard_.find(kVerdictNews);
  if (begin == std::string::npos || heard_.back() != '\0') return std::nullopt;
  const std::string text = heard_.substr(begin + 1, heard_.size() - begin - 2);
  return Verdict{static_cast<End>(text.front() - '0'), text.substr(1)};
}

}  // namespace overland::trial
