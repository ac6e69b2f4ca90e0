#pragma once
// The watchdog's side of a trial, from fork to exit.

#include <chrono>

#include "trial/watchdog.h"

namespace overland::trial {

// What goes through the two pipes: wishes to the watchdog, a letter each; news from it, a letter
// each, of which the last is followed by the end as a digit, text, and a zero byte.
inline constexpr char kBeginWish = 'B';
inline constexpr char kKeepWish = 'K';
inline constexpr char kUndoWish = 'U';
inline constexpr char kReadyNews = 'R';
inline constexpr char kMadeNews = 'M';
inline constexpr char kVerdictNews = 'V';

/// Writes all of it; false where the other end is gone.
bool tell(int fd, std::string_view text);

/// Watches over a trial until its end.
[[noreturn]] void watch(Listener& listener, std::chrono::seconds timeout, const Work& work,
                        int wishes, int news);

}  // namespace overland::trial
