# What an installation holds: the command, the library with its headers, DuckDB beside it, and how CMake and pkg-config
# find them. Everything may be moved together: paths in it are relative.

set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "Folder of libraries below the prefix")
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(RELATIVE_PATH to_libraries "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
set_target_properties(walbrook PROPERTIES INSTALL_RPATH "$ORIGIN/${to_libraries}")
set_target_properties(walbrook_shared PROPERTIES INSTALL_RPATH "$ORIGIN")

install(TARGETS walbrook RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS walbrook_shared EXPORT walbrookTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/walbrook" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
get_target_property(duckdb_library DuckDB::DuckDB IMPORTED_LOCATION)
install(FILES "${duckdb_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(cmake_folder "${CMAKE_INSTALL_LIBDIR}/cmake/walbrook")
install(EXPORT walbrookTargets NAMESPACE walbrook:: DESTINATION "${cmake_folder}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/walbrookConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/walbrookConfig.cmake" INSTALL_DESTINATION "${cmake_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/walbrookConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/walbrookConfig.cmake" "${PROJECT_BINARY_DIR}/walbrookConfigVersion.cmake"
        DESTINATION "${cmake_folder}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/walbrook.pc.in" "${PROJECT_BINARY_DIR}/walbrook.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/walbrook.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
