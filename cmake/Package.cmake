# `cpack --config build/release/CPackConfig.cmake` creates walbrook_VERSION_ARCHITECTURE.deb. Everything is installed
# below /usr; DuckDB's library, which Debian does not have, is in a separate folder there.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME walbrook)
set(CPACK_PACKAGE_CONTACT "The walbrook authors <walbrook@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_COMPONENTS_ALL command library development debian)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION  # the text after the summary, which is the project's description
"walbrook replicates PostgreSQL tables into a DuckDB file or another PostgreSQL
database by logical replication. This package contains the command, the C++
library with its headers, and DuckDB's library.")
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)  # 5 s for 24 MB; Debian 12's dpkg reads it

# The dependencies are read from the linked libraries, with the versions of the building machine: build on the oldest
# Debian that the package is for.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
get_filename_component(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${duckdb_library}" DIRECTORY)

include(CPack)
