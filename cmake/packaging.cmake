# What `cmake --install` puts where, and the packages: `cpack` in a Release build makes the DEB, and the
# RPM where rpmbuild is at hand. docs/operations.md says what is in them and why.
set(packaging ${PROJECT_SOURCE_DIR}/packaging)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)  # whatever the umask

install(FILES systemd/overland-boot.service systemd/overland.service systemd/overland.timer
              systemd/overland-probe.service systemd/overland-probe.timer systemd/overland-watch.service
              systemd/overland-fetch.service systemd/overland-fetch.timer systemd/overland-fetch-boot.service
        DESTINATION lib/systemd/system)
install(FILES systemd/overland-tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME overland.conf)
install(FILES systemd/overland-networkd.conf DESTINATION lib/systemd/networkd.conf.d
        RENAME 60-overland.conf)
install(FILES config/rt_protos.d/overland.conf DESTINATION /etc/iproute2/rt_protos.d)
install(DIRECTORY DESTINATION /etc/overland)
install(FILES docs/man/overland.8 DESTINATION share/man/man8)
install(FILES docs/man/overland.toml.5 DESTINATION share/man/man5)
install(FILES packaging/completion/overland DESTINATION share/bash-completion/completions)
install(FILES packaging/completion/_overland DESTINATION share/zsh/vendor-completions)  # Debian's zsh
install(FILES packaging/completion/_overland DESTINATION share/zsh/site-functions)      # that of others
install(FILES packaging/completion/overland.fish DESTINATION share/fish/vendor_completions.d)
install(DIRECTORY config/ DESTINATION share/doc/overland/examples
        FILES_MATCHING PATTERN *.toml PATTERN rt_protos.d EXCLUDE PATTERN schema EXCLUDE)
install(DIRECTORY config/schema DESTINATION share/overland FILES_MATCHING PATTERN *.json)
install(FILES docs/inventory.md docs/json.md docs/neighbours.md docs/networks.md docs/operations.md docs/security.md
              docs/sources.md docs/support.md docs/troubleshooting.md docs/upgrading.md README.md
        DESTINATION share/doc/overland OPTIONAL)
install(FILES docs/prometheus/overland.rules.yml DESTINATION share/doc/overland/examples OPTIONAL)
install(FILES packaging/debian/copyright DESTINATION share/doc/overland)
install(FILES ${CMAKE_BINARY_DIR}/linked-in DESTINATION share/doc/overland OPTIONAL)  # scripts/release makes it
install(FILES packaging/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME overland)
install(FILES packaging/debian/changelog DESTINATION share/doc/overland RENAME changelog.Debian)
# -n: no time stamp inside, so that two builds of one source give the same package.
install(CODE "
  foreach(file share/man/man8/overland.8 share/man/man5/overland.toml.5 share/doc/overland/changelog.Debian)
    execute_process(COMMAND gzip -9nf \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/\${file}\"
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()")

set(CPACK_PACKAGE_NAME overland)
set(CPACK_PACKAGE_VENDOR overland)
set(CPACK_PACKAGE_CONTACT "The overland authors <overland@localhost.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "container networking between Docker hosts over plain routes")
set(CPACK_PACKAGE_DESCRIPTION
  "One shared TOML inventory says which host owns which bridge subnet; on every
host, overland makes the kernel, the firewall and Docker agree with it.
Containers then reach each other by their own addresses, at full MTU, without
an overlay network, a store or a daemon in the data path.")
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)  # files in /etc are staged, not written to the machine that builds
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_OUTPUT_FILE_PREFIX ${CMAKE_BINARY_DIR}/packages)

set(CPACK_GENERATOR DEB)
find_program(OVERLAND_RPMBUILD rpmbuild)
if(OVERLAND_RPMBUILD)
  list(APPEND CPACK_GENERATOR RPM)
endif()

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "init-system-helpers (>= 1.52)")
# Loaded where they are needed, so no linker tells of them: systemd itself depends on the one, only `overland fetch` takes
# the other, whose package has two names (docs/decisions/025).
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libsystemd0, libcurl4 | libcurl4t64")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "docker.io | docker-ce, openssh-client")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${packaging}/debian/conffiles ${packaging}/debian/postinst
    ${packaging}/debian/prerm ${packaging}/debian/postrm)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE GPL-2.0-only)
set(CPACK_RPM_PACKAGE_DESCRIPTION ${CPACK_PACKAGE_DESCRIPTION})
set(CPACK_RPM_CHANGELOG_FILE ${packaging}/rpm/changelog)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none\nRecommends: libsystemd.so.0()(64bit)\nRecommends: libcurl.so.4()(64bit)")
set(CPACK_RPM_USER_FILELIST "%config(noreplace) /etc/iproute2/rt_protos.d/overland.conf")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /etc /etc/iproute2 /etc/iproute2/rt_protos.d
    /usr/sbin /usr/libexec /usr/lib/systemd /usr/lib/systemd/system /usr/lib/systemd/networkd.conf.d /usr/lib/tmpfiles.d
    /usr/share/man /usr/share/man/man5 /usr/share/man/man8 /usr/share/bash-completion
    /usr/share/bash-completion/completions /usr/share/zsh /usr/share/zsh/vendor-completions
    /usr/share/zsh/site-functions /usr/share/fish /usr/share/fish/vendor_completions.d
    # Debian's own:
    /usr/share/lintian /usr/share/lintian/overrides /usr/share/lintian/overrides/overland
    /usr/share/doc/overland/changelog.Debian.gz)
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${packaging}/rpm/post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${packaging}/rpm/preun)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${packaging}/rpm/postun)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
include(CPack)
