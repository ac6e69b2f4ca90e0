#pragma once
// An inventory of random hosts, written down in a random one of the many ways TOML has, and what it
// says. Its comments, names and addresses are as odd as they may be.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace overland::tests {

struct RandomHost {
  std::string name;
  std::string address;
  std::optional<std::string> bip;  // or "auto"
  bool router = false;
};

struct RandomFile {
  std::vector<RandomHost> hosts;
  bool inline_tables = false;
  std::optional<int> generation;
  std::string text;
};

class RandomWriter {
 public:
  explicit RandomWriter(std::uint32_t seed) : random_(seed) {}

  RandomFile write() {
    file_.inline_tables = pick(4) == 0;
    line_break_ = pick(2) == 0 ? "\n" : "\r\n";
    const bool ends = pick(3) == 0;
    const int count = 1 + pick(6);
    for (int i = 0; i < count; ++i) file_.hosts.push_back(random_host(i));
    if (pick(3) == 0) file_.generation = pick(100);
    head(ends);
    if (file_.inline_tables) {
      list();
      rest();
    } else {
      rest();
      for (const RandomHost& host : file_.hosts) section(host);
    }
    if (ends) line("[end]");
    if (pick(3) == 0 && file_.text.ends_with(line_break_)) {
      file_.text.resize(file_.text.size() - line_break_.size());
    }
    return file_;
  }

 private:
  int pick(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  std::string one_of(std::vector<std::string> all) {
    return all[static_cast<std::size_t>(pick(static_cast<int>(all.size())))];
  }
  std::string blanks() { return one_of({"", " ", "  ", "\t", "    "}); }
  std::string comment() {
    return one_of({"", "", " # [[host]]", "#", "\t# bip = \"auto\" é", " # \"'''[{"});
  }
  std::string key(const std::string& name) {
    return one_of({name, name, name, "\"" + name + "\"", "'" + name + "'"});
  }
  std::string value(const std::string& text) {
    return one_of({"\"" + text + "\"", "'" + text + "'", "\"\"\"" + text + "\"\"\""});
  }
  std::string pair(const std::string& name, const std::string& written) {
    return key(name) + blanks() + "=" + blanks() + written;
  }

  RandomHost random_host(int index) {
    const std::string number = std::to_string(index);
    RandomHost host{one_of({"auto", "bip", "host"}) + "-" + number,
                    "10.0.0." + std::to_string(index + 1), std::nullopt, pick(4) == 0};
    const int kind = pick(3);
    if (kind == 1) host.bip = "auto";
    if (kind == 2) host.bip = "10.100." + std::to_string(3 * index + pick(3)) + ".1/24";
    return host;
  }

  void line(const std::string& text) { file_.text += text + line_break_; }
  void clutter() {
    while (pick(3) == 0)
      line(one_of({"", "  ", "# [host.docker]", "\t# bip = \"auto\"", "# ü 'a \"b"}));
  }

  void head(bool ends) {
    if (pick(8) == 0) file_.text += "\xef\xbb\xbf";
    line(pair("version", "1"));
    if (file_.generation) line(pair("generation", std::to_string(*file_.generation)) + comment());
    if (ends) line("end = true");
    clutter();
  }

  void rest() {
    clutter();
    if (pick(2) == 0) {
      line("[cluster]" + comment());
      line(pair("pool", value("10.100.0.0/16")));
    } else {
      line("[ 'cluster' ]");
      line(pair("name", value("auto")) + comment());
      line("pool = \"10.100.0.0/16\"");
    }
    line("[[segment]]");
    line(pair("name", value("lan")));
    line(pair("subnet", value("10.0.0.0/24")) + comment());
  }

  std::string address(const RandomHost& host, bool one_line) {
    if (pick(3) != 0) return value(host.address);
    if (one_line || pick(2) == 0) return "[" + blanks() + value(host.address) + blanks() + "]";
    return "[ # [" + line_break_ + value(host.address) + "," + comment() + line_break_ + "]";
  }

  std::vector<std::string> pairs(const RandomHost& host, bool one_line) {
    std::vector<std::string> result = {pair("name", value(host.name)),
                                       pair("address", address(host, one_line))};
    if (host.bip) result.push_back(pair("bip", value(*host.bip)));
    if (host.router) result.push_back(pair("router", "true"));
    if (pick(4) == 0)
      result.push_back("docker" + blanks() + "." + blanks() + pair("bridge", value("br0")));
    const auto turn = pick(static_cast<int>(result.size()));
    std::rotate(result.begin(), result.begin() + turn, result.end());
    return result;
  }

  void section(const RandomHost& host) {
    clutter();
    line(blanks() + one_of({"[[host]]", "[[ host ]]", "[[\"host\"]]"}) + comment());
    const std::string indent = blanks();
    for (const std::string& one : pairs(host, false)) {
      clutter();
      line(indent + one + comment());
    }
    if (pick(4) == 0) {
      clutter();
      line(blanks() + "[host . firewall]");
      line("mark = 4");
    }
  }

  void list() {
    const std::string separator = pick(2) == 0 ? line_break_ : "";
    file_.text += "host = [" + separator;
    for (std::size_t i = 0; i < file_.hosts.size(); ++i) {
      std::string entry;
      for (const std::string& one : pairs(file_.hosts[i], true)) {
        entry += (entry.empty() ? "{" + blanks() : blanks() + "," + blanks()) + one;
      }
      const bool last = i + 1 == file_.hosts.size();
      file_.text += blanks() + entry + blanks() + "}" + (last ? "" : ",") +
                    (separator.empty() ? "" : comment()) + separator;
    }
    line("]");
  }

  std::mt19937 random_;
  RandomFile file_;
  std::string line_break_;
};

}  // namespace overland::tests
