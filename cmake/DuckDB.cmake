# Defines DuckDB::DuckDB, the C API. A DuckDB that the user names takes precedence (-DDuckDB_ROOT=DIR with duckdb.h and
# libduckdb.so in DIR, DIR/include and DIR/lib); otherwise tools/fetch-duckdb downloads the pinned version into
# build/duckdb-VERSION.

set(WALBROOK_DUCKDB_VERSION 1.5.5)

if(NOT DuckDB_ROOT)
  set(DuckDB_ROOT "${PROJECT_SOURCE_DIR}/build/duckdb-${WALBROOK_DUCKDB_VERSION}")
  if(NOT EXISTS "${DuckDB_ROOT}/complete")
    message(STATUS "Fetching DuckDB ${WALBROOK_DUCKDB_VERSION}")
    execute_process(COMMAND "${PROJECT_SOURCE_DIR}/tools/fetch-duckdb" "${DuckDB_ROOT}" RESULT_VARIABLE fetched)
    if(NOT fetched EQUAL 0)
      message(FATAL_ERROR "DuckDB ${WALBROOK_DUCKDB_VERSION} could not be fetched (see above). "
                          "Name an installed one with -DDuckDB_ROOT=DIR.")
    endif()
  endif()
endif()

find_path(DuckDB_INCLUDE_DIR duckdb.h HINTS "${DuckDB_ROOT}" PATH_SUFFIXES include NO_DEFAULT_PATH NO_CACHE REQUIRED)
find_library(DuckDB_LIBRARY duckdb HINTS "${DuckDB_ROOT}" PATH_SUFFIXES lib NO_DEFAULT_PATH NO_CACHE REQUIRED)
add_library(DuckDB::DuckDB SHARED IMPORTED)
set_target_properties(DuckDB::DuckDB PROPERTIES
  IMPORTED_LOCATION "${DuckDB_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${DuckDB_INCLUDE_DIR}")
