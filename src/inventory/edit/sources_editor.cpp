#include "inventory/edit/sources_editor.h"

#include "base/error.h"

namespace overland::inventory {
namespace {

/// Lines of the new texts are nowhere to be seen, so the faults go without.
void require_valid(const Loaded& loaded) {
  if (loaded.inventory) return;
  std::string sentence = "the inventory would be faulty with this change, so nothing was written:";
  for (const Diagnostic& fault : loaded.diagnostics) {
    if (fault.severity != Severity::kError) continue;
    sentence += "\n" + fault.code + ": " + fault.message +
                (fault.remedy.empty() ? "" : " (" + fault.remedy + ")");
  }
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

}  // namespace

SourcesEditor::SourcesEditor(const Sources& sources, const Inventory& inventory)
    : sources_(sources), editors_(sources.fragments.size() + 1) {
  const Places places(sources);
  std::vector<std::size_t> counts(editors_.size());
  for (const Host& host : inventory.hosts) {
    const std::size_t document = places.locate(host.position).document;
    spots_.push_back({document, counts[document]++});
  }
}

Editor& SourcesEditor::document(std::size_t document) {
  auto& editor = editors_[document];
  if (!editor) {
    editor = std::make_unique<Editor>(document == 0 ? sources_.text
                                                    : sources_.fragments[document - 1].text);
  }
  return *editor;
}

Sources SourcesEditor::finish() const {
  Sources result = sources_;
  for (std::size_t i = 0; i < editors_.size(); ++i) {
    if (editors_[i]) (i == 0 ? result.text : result.fragments[i - 1].text) = editors_[i]->finish();
  }
  require_valid(parse(result));
  return result;
}

}  // namespace overland::inventory
