#include <malloc.h>

#include <string>
#include <vector>

#include "cli/verb.h"

int main(int argc, char** argv) {
  // Lists of thousands of peers go back to the system when they are done with. glibc would keep
  // them: it raises this threshold with the first large block that is freed (mallopt(3)).
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  return overland::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
