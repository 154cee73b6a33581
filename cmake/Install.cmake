# An installation holds the command, the library with its headers, DuckDB beside it, and the files by which CMake and
# pkg-config find them. It can be moved as a whole, because its paths are relative.
#
# Some files are at one place in a separate prefix (component prefix) and at another in a Debian package (component
# debian): DuckDB, because programs that need another libduckdb.so would find walbrook's in /usr/lib (both places are
# searched); manual pages, which Debian compresses; and zsh's completion.

set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "Folder of libraries below the prefix")
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(RELATIVE_PATH to_libraries "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
set_target_properties(walbrook PROPERTIES
                      INSTALL_RPATH "$ORIGIN/${to_libraries};$ORIGIN/${to_libraries}/walbrook")
set_target_properties(walbrook_shared PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/walbrook")

set(described "${PROJECT_BINARY_DIR}/described")  # completions and manual pages

# ./quickstart builds only the command, and `cmake --install` builds nothing, so that it would stop halfway, at the
# library and again at the manual pages. Missing targets are therefore built first.
add_custom_target(installed)
add_dependencies(installed walbrook walbrook_shared described)
install(CODE "
  if(NOT EXISTS \"$<TARGET_FILE:walbrook>\" OR NOT EXISTS \"$<TARGET_FILE:walbrook_shared>\"
     OR NOT EXISTS \"${described}/complete\")
    message(STATUS \"Building missing targets of the installation\")
    execute_process(COMMAND \"${CMAKE_COMMAND}\" --build \"${PROJECT_BINARY_DIR}\" --target installed
                    COMMAND_ERROR_IS_FATAL ANY)
  endif()" ALL_COMPONENTS)

install(TARGETS walbrook RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT command)
install(TARGETS walbrook_shared EXPORT walbrookTargets
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library NAMELINK_COMPONENT development
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/walbrook" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        COMPONENT development)
get_target_property(duckdb_library DuckDB::DuckDB IMPORTED_LOCATION)
set(readable_by_all OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
install(FILES "${duckdb_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" PERMISSIONS ${readable_by_all} COMPONENT prefix)
install(FILES "${duckdb_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/walbrook" PERMISSIONS ${readable_by_all}
        COMPONENT debian EXCLUDE_FROM_ALL)

# The command prints completions from its own definitions, and help2man makes manual pages from the texts of --help.
find_program(HELP2MAN_PROGRAM help2man)
if(NOT HELP2MAN_PROGRAM)
  message(STATUS "help2man is not installed: there will be no manual pages")
endif()
add_custom_command(OUTPUT "${described}/complete"
  COMMAND "${CMAKE_COMMAND}" "-DWALBROOK=$<TARGET_FILE:walbrook>" "-DVERSION=${PROJECT_VERSION}"
          "-DHELP2MAN=${HELP2MAN_PROGRAM}" "-DFOLDER=${described}" -P "${PROJECT_SOURCE_DIR}/cmake/Describe.cmake"
  DEPENDS walbrook "${PROJECT_SOURCE_DIR}/cmake/Describe.cmake" "${PROJECT_SOURCE_DIR}/cmake/manual.h2m" VERBATIM
  COMMENT "Completions and manual pages")
add_custom_target(described ALL DEPENDS "${described}/complete")
install(FILES "${described}/walbrook.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
        RENAME walbrook COMPONENT command)
install(FILES "${described}/walbrook.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d"
        COMPONENT command)
install(FILES "${described}/walbrook.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions"
        RENAME _walbrook COMPONENT prefix)
install(FILES "${described}/walbrook.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions"
        RENAME _walbrook COMPONENT debian EXCLUDE_FROM_ALL)
if(HELP2MAN_PROGRAM)
  install(DIRECTORY "${described}/man1" DESTINATION "${CMAKE_INSTALL_MANDIR}" COMPONENT prefix)
  install(DIRECTORY "${described}/man1.gz/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1"
          COMPONENT debian EXCLUDE_FROM_ALL)
endif()

set(cmake_folder "${CMAKE_INSTALL_LIBDIR}/cmake/walbrook")
install(EXPORT walbrookTargets NAMESPACE walbrook:: DESTINATION "${cmake_folder}" COMPONENT development)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/walbrookConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/walbrookConfig.cmake" INSTALL_DESTINATION "${cmake_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/walbrookConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/walbrookConfig.cmake" "${PROJECT_BINARY_DIR}/walbrookConfigVersion.cmake"
        DESTINATION "${cmake_folder}" COMPONENT development)
configure_file("${PROJECT_SOURCE_DIR}/cmake/walbrook.pc.in" "${PROJECT_BINARY_DIR}/walbrook.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/walbrook.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
        COMPONENT development)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/cmake/package/copyright"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT command)
# The manual pages refer to these documents for everything that --help does not explain.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT command
        FILES_MATCHING PATTERN "*.md")
