# Everything comes from Debian's packages; scripts/bootstrap installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(libsystemd REQUIRED IMPORTED_TARGET libsystemd)  # src has but its header: it is loaded where it is needed
pkg_check_modules(libcurl REQUIRED libcurl)  # likewise

# One package for every suite: what changes its name from one to the next is linked in. libmnl and libip4tc are
# shared (Debian has no archives of them), and called libmnl0 and libip4tc2 everywhere.
set(Boost_USE_STATIC_LIBS ON)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
find_package(Boost 1.74 CONFIG REQUIRED COMPONENTS program_options)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
pkg_check_modules(libnftnl REQUIRED IMPORTED_TARGET libnftnl libmnl)
pkg_check_modules(libiptc REQUIRED IMPORTED_TARGET libip4tc)
# Their headers only; src/inventory/read.cpp and src/cli/spdlog.cpp compile what is in them.
find_path(OVERLAND_TOMLPLUSPLUS toml++/toml.h REQUIRED)
find_path(OVERLAND_SPDLOG spdlog/spdlog.h REQUIRED)
add_library(overland_spdlog INTERFACE)
target_include_directories(overland_spdlog SYSTEM INTERFACE ${OVERLAND_SPDLOG})
target_compile_definitions(overland_spdlog INTERFACE SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
target_link_libraries(overland_spdlog INTERFACE fmt::fmt-header-only Threads::Threads)
