#pragma once
// What overland-fetch does.

#include <string>
#include <vector>

namespace overland::cli {

int fetch_document(const std::vector<std::string>& arguments);
int publish_document(const std::vector<std::string>& arguments);

}  // namespace overland::cli
