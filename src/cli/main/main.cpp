#include <string>
#include <vector>

#include "cli/verb.h"

int main(int argc, char** argv) {
  return overland::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
