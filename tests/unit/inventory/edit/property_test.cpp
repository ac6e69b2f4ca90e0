// However a file is written, an edit changes what was asked and not one byte beside it.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <sstream>

#include "edit_scene.h"
#include "random_file.h"

namespace overland::inventory {
namespace {

using tests::RandomFile;
using tests::RandomHost;

RandomFile random_file() {
  const auto seed = *rc::gen::noShrink(rc::gen::resize(100, rc::gen::arbitrary<std::uint32_t>()));
  RandomFile file = tests::RandomWriter(seed).write();
  RC_LOG() << file.text;
  return file;
}

void replace_once(std::string& text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  RC_ASSERT(at != std::string::npos);
  text.replace(at, what.size(), by);
}

/// Takes the bip out that was put into `text`, with all that came with it.
void take_out(std::string& text, const std::string& bip, bool inline_tables) {
  const std::size_t at = text.find("\"" + bip + "\"");
  RC_ASSERT(at != std::string::npos);
  const std::size_t end = at + bip.size() + 2;
  if (inline_tables) {
    const std::size_t begin = text.rfind(", bip", at);
    text.erase(begin, end - begin);
    return;
  }
  const std::size_t begin = text.rfind('\n', at) + 1;
  const std::size_t next = text.find('\n', end);
  if (next != std::string::npos) {
    text.erase(begin, next + 1 - begin);
  } else {
    text.erase(begin - (text[begin - 2] == '\r' ? 2 : 1));
  }
}

/// `edit` undone by hand.
std::string undone(const RandomFile& file, const Edit& edit) {
  std::string text = edit.after.text;
  for (const Given& given : edit.given) {
    const auto host = std::find_if(file.hosts.begin(), file.hosts.end(),
                                   [&](const RandomHost& one) { return one.name == given.host; });
    RC_ASSERT(host != file.hosts.end());
    if (host->bip) {
      replace_once(text, given.bip.to_string(), "auto");
    } else {
      take_out(text, given.bip.to_string(), file.inline_tables);
    }
  }
  if (edit.generation) {
    const std::size_t at = text.find(std::to_string(*edit.generation), text.find("generation"));
    text.replace(at, std::to_string(*edit.generation).size(), std::to_string(*file.generation));
  }
  return text;
}

void says(const Inventory& inventory, const std::vector<RandomHost>& hosts) {
  RC_ASSERT(inventory.hosts.size() == hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const Host& host = inventory.hosts[i];
    RC_ASSERT(host.name == hosts[i].name);
    RC_ASSERT(host.addresses.front().address.to_string() == hosts[i].address);
    RC_ASSERT(host.router == hosts[i].router);
    if (hosts[i].bip) RC_ASSERT(host.bip || host.auto_bip);
    if (hosts[i].bip && *hosts[i].bip != "auto") RC_ASSERT(host.bip->to_string() == *hosts[i].bip);
  }
}

/// Whether the lines of `part` are lines of `whole`, in that order.
bool is_part(std::string part, std::string whole) {
  std::erase(part, '\r');  // the last line may have had no end
  std::erase(whole, '\r');
  std::istringstream lines(whole);
  std::istringstream parts(part);
  std::string line;
  for (std::string wanted; std::getline(parts, wanted);) {
    do {
      if (!std::getline(lines, line)) return false;
    } while (line != wanted);
  }
  return true;
}

TEST(EditProperty, AssignGivesBipsAndChangesNothingElse) {
  EXPECT_TRUE(rc::check([] {
    const RandomFile file = random_file();
    const Loaded before = parse(file.text);
    RC_ASSERT(before.inventory.has_value());
    says(*before.inventory, file.hosts);
    const bool all = *rc::gen::arbitrary<bool>();
    const Edit edit = assign({file.text}, {.all = all});
    RC_ASSERT(undone(file, edit) == file.text);
    RC_ASSERT(edit.generation.has_value() == (file.generation && !edit.given.empty()));
    const Loaded after = parse(edit.after.text);
    RC_ASSERT(after.inventory.has_value());
    says(*after.inventory, file.hosts);
    for (const Host& host : after.inventory->hosts) {
      RC_ASSERT(!host.auto_bip);
      RC_ASSERT(!all || host.bip || host.router);
    }
    RC_ASSERT(assign({edit.after.text}, {.all = all}).after.text == edit.after.text);
  }));
}

TEST(EditProperty, AddPutsOneBehindTheOthers) {
  EXPECT_TRUE(rc::check([] {
    const RandomFile file = random_file();
    const Edit edit = add_host({file.text}, tests::new_host("new", "10.0.0.200"));
    const Loaded after = parse(edit.after.text);
    RC_ASSERT(after.inventory.has_value());
    auto hosts = file.hosts;
    RC_ASSERT(edit.given.size() == 1U);
    hosts.push_back({"new", "10.0.0.200", edit.given[0].bip.to_string(), false});
    says(*after.inventory, hosts);
    std::string text = edit.after.text;
    if (edit.generation) {
      const std::size_t at = text.find(std::to_string(*edit.generation), text.find("generation"));
      text.replace(at, std::to_string(*edit.generation).size(), std::to_string(*file.generation));
    }
    if (!file.inline_tables) RC_ASSERT(is_part(file.text, text));
  }));
}

TEST(EditProperty, RemoveTakesOneOutAndKeepsTheOthersLines) {
  EXPECT_TRUE(rc::check([] {
    const RandomFile file = random_file();
    RC_PRE(file.hosts.size() > 1U);
    auto hosts = file.hosts;
    const auto gone = *rc::gen::inRange<std::size_t>(0, hosts.size());
    std::string text = remove_host({file.text}, hosts[gone].name).after.text;
    hosts.erase(hosts.begin() + static_cast<std::ptrdiff_t>(gone));
    const Loaded after = parse(text);
    RC_ASSERT(after.inventory.has_value());
    says(*after.inventory, hosts);
    if (file.generation) {
      RC_ASSERT(after.inventory->generation == *file.generation + 1);
      const std::string raised = std::to_string(*file.generation + 1);
      const std::size_t at = text.find(raised, text.find("generation"));
      text.replace(at, raised.size(), std::to_string(*file.generation));
    }
    if (!file.inline_tables) RC_ASSERT(is_part(text, file.text));
  }));
}

}  // namespace
}  // namespace overland::inventory
