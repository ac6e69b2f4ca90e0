#pragma once
// Interface indexes and names, each asked of the kernel once: thousands of routes share a link.

#include <map>
#include <string>

namespace overland::kernel {

/// For one operation: links come, go and are renamed.
class LinkNames {
 public:
  /// Empty where there is no such link.
  const std::string& name(unsigned index);
  /// 0 where there is no such link.
  unsigned index(const std::string& name);

 private:
  std::map<unsigned, std::string> names_;
  std::map<std::string, unsigned> indexes_;
};

}  // namespace overland::kernel
