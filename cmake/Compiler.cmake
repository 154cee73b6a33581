# How walbrook's own code is compiled: warnings are errors, sanitizers are optional, ccache and mold are used if
# installed.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# -O3 (CMake's choice) gains nothing here: the time goes to memcpy, libpq and DuckDB.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Without this sloppiness, ccache refuses every translation unit that uses a precompiled header.
  set(launcher "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Linked by every target of this project, never exported.
add_library(walbrook_compile INTERFACE)
target_compile_options(walbrook_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers -Werror
  # GCC 12 reports overflows in std::string's own code that do not exist (GCC bugs 105329, 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-restrict>)
if(WALBROOK_SANITIZE)
  target_compile_options(walbrook_compile INTERFACE -fsanitize=${WALBROOK_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all
                         -Wno-error)  # GCC reports uninitialized uses in instrumented std::variant that do not exist
  target_link_options(walbrook_compile INTERFACE -fsanitize=${WALBROOK_SANITIZE})
endif()
