# Everything comes from Debian 12 packages; scripts/bootstrap installs them.
find_package(PkgConfig REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
pkg_check_modules(libnftnl REQUIRED IMPORTED_TARGET libnftnl)
pkg_check_modules(libiptc REQUIRED IMPORTED_TARGET libip4tc)
pkg_check_modules(libsystemd REQUIRED IMPORTED_TARGET libsystemd)  # src has but its header: it is loaded where it is needed
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
