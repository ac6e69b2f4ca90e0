// overland-trace: names the foreign rules that drop what overland lets through. Called by overland,
// with trace_arguments(), as a program of its own: see firewall/ask_droppers.h.

#include <exception>
#include <iostream>

#include "base/error.h"
#include "firewall/trace/droppers.h"
#include "firewall/trace/request.h"

int main(int count, char** words) {
  namespace firewall = overland::firewall;
  try {
    std::cout << firewall::trace::trace_answer(firewall::trace::find_droppers(
                     firewall::trace::traced_policy({words + 1, words + count})))
              << "\n"
              << std::flush;
    return std::cout.good() ? 0 : 1;
  } catch (const overland::base::Error& error) {
    // No nf_tables: nobody drops there.
    if (error.kind() == overland::base::ErrorKind::kUnsupported) {
      std::cout << firewall::trace::trace_answer({}) << "\n";
      return 0;
    }
    std::cerr << error.what() << "\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
  }
  return 1;
}
