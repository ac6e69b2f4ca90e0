# One static library a folder, so that the linker holds the same line as the include check.
include(CheckCXXCompilerFlag)
add_library(overland_flags INTERFACE)
target_compile_options(overland_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of GCC 12: uninitialized payloads in moved std::optional and std::variant (GCC bug
  # 80635), overlapping copies in std::string at -O2 and above (GCC bug 105329).
  target_compile_options(overland_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(OVERLAND_WARNINGS_AS_ERRORS)
  target_compile_options(overland_flags INTERFACE -Werror)
endif()
if(OVERLAND_SANITIZE)
  target_compile_options(overland_flags INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(overland_flags INTERFACE -fsanitize=address,undefined)
endif()
# The release runs as root: what the compiler can harden, it does, where its code is optimised.
if(NOT OVERLAND_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(overland_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS
    -fstack-protector-strong -fstack-clash-protection -fPIE)
  target_link_options(overland_flags INTERFACE -pie)
  check_cxx_compiler_flag(-fcf-protection=full OVERLAND_HAS_CF_PROTECTION)  # of x86 only
  if(OVERLAND_HAS_CF_PROTECTION)
    target_compile_options(overland_flags INTERFACE -fcf-protection=full)
  endif()
endif()
if(OVERLAND_FUZZ)
  target_compile_options(overland_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What every program links: how its sanitizers report, in the program itself, so that it holds whatever environment it gets.
set(OVERLAND_SANITIZER_REPORTS ${CMAKE_BINARY_DIR}/sanitizer-reports)
if(OVERLAND_SANITIZE)
  file(MAKE_DIRECTORY ${OVERLAND_SANITIZER_REPORTS})
  add_library(overland_program OBJECT ${PROJECT_SOURCE_DIR}/cmake/sanitizer_options.cpp)
  target_compile_definitions(overland_program PRIVATE
    OVERLAND_SANITIZER_REPORTS="${OVERLAND_SANITIZER_REPORTS}")
else()
  add_library(overland_program INTERFACE)
endif()
target_link_libraries(overland_program INTERFACE overland_flags)

# overland_library(<folder> [PUBLIC deps...] [PRIVATE deps...]): all .cpp files of the folder.
function(overland_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(overland_${name} STATIC ${sources})
  target_include_directories(overland_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(overland_${name} PUBLIC ${ARG_PUBLIC}
                        PRIVATE overland_flags ${ARG_PRIVATE})
endfunction()
