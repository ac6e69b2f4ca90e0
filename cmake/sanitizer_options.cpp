// How the sanitizers report, linked into every sanitized program: children with an environment of
// their own keep to it too. A report ends the program with SIGABRT, an exit status no test expects,
// and is a file that the test sanitizers_are_silent finds, also where nobody reads the child's
// output or waits for it.

#define OPTIONS "abort_on_error=1:halt_on_error=1:log_path=" OVERLAND_SANITIZER_REPORTS "/report"

extern "C" const char* __asan_default_options() {
  return OPTIONS
      ":detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
      ":check_initialization_order=1";
}

extern "C" const char* __ubsan_default_options() { return OPTIONS ":print_stacktrace=1"; }
