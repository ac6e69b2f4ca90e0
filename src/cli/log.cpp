#include "cli/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/progress.h"
#include "inventory/report.h"

namespace overland::cli {
namespace {

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

/// %* of the pattern: the level as a syslog priority number.
class Priority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    out.push_back(digit(message.level));
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Priority>();
  }

 private:
  static char digit(spdlog::level::level_enum level) {
    switch (level) {
      case spdlog::level::critical:
        return '2';
      case spdlog::level::err:
        return '3';
      case spdlog::level::warn:
        return '4';
      case spdlog::level::info:
        return '6';
      default:
        return '7';
    }
  }
};

/// %v of the pattern: the message fit for a terminal, whatever names it quotes.
class Printable : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    std::string text;
    for (const auto line : lines({message.payload.data(), message.payload.size()})) {
      text += (text.empty() ? "" : "\n") + inventory::printable(line);
    }
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Printable>();
  }
};

/// %* of the pattern: takes the line away that says what is under way.
class Eraser : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string bytes = Progress::take_away();
    out.append(bytes.data(), bytes.data() + bytes.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Eraser>();
  }
};

std::size_t complained = 0;

/// Writes nothing.
class Counter : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    if (message.level >= spdlog::level::warn) ++complained;
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

}  // namespace

std::size_t complaints() { return complained; }

bool stderr_is_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status = {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

void set_up_system_log() {
  auto sink =
      std::make_shared<spdlog::sinks::syslog_sink_mt>("overland", LOG_PID, LOG_DAEMON, true);
  sink->set_pattern("%v");
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("overland", std::move(sink)));
}

void log_finding(spdlog::level::level_enum level, const model::Finding& finding) {
  spdlog::log(level, "{}: {}", finding.resource, finding.sentence());
}

void log_lines(spdlog::level::level_enum level, std::string_view text) {
  for (const auto line : lines(text)) spdlog::log(level, "{}", line);
}

void set_up_log() {
  auto logger = std::make_shared<spdlog::logger>("overland",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<Printable>('v');
  if (stderr_is_journal()) {
    formatter->add_flag<Priority>('*').set_pattern("<%*>%v");
  } else {
    formatter->add_flag<Eraser>('*').set_pattern("%*overland: %l: %v");
  }
  logger->set_formatter(std::move(formatter));
  logger->sinks().push_back(std::make_shared<Counter>());
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace overland::cli
