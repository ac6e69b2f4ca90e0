#pragma once
// The log goes to standard error; standard output is data. Control characters in what it quotes are
// escaped.

#include <spdlog/common.h>

#include <string_view>

#include "model/finding.h"

namespace overland::cli {

/// Sets spdlog's default logger up: "overland: error: …" on a terminal or in a file, and the
/// priorities of sd-daemon(3) ("<3>…") where standard error is the journal.
void set_up_log();

/// Logs each line of `text` by itself: every one has its prefix, and its priority in the journal.
void log_lines(spdlog::level::level_enum level, std::string_view text);

/// Logs resource, message and remedy.
void log_finding(spdlog::level::level_enum level, const model::Finding& finding);

/// For a process without streams: the log goes to syslog(3), which is the journal with systemd.
void set_up_system_log();

/// Whether JOURNAL_STREAM of systemd.exec(5) names our standard error.
bool stderr_is_journal();

/// How many warnings and errors this process has logged.
std::size_t complaints();

}  // namespace overland::cli
