// Part of `vectors`: lets DuckDB allocate its memory with AddressSanitizer.
//
// libduckdb.so is not built with the sanitizer and includes jemalloc, so that a write past the end of a vector would go
// unnoticed. DuckDB gets all its memory from three functions (Allocator::DefaultAllocate, DefaultReallocate and
// DefaultFree, which call them like any exported function), and a symbol that the program exports takes precedence over
// a library's symbol of the same name.
#include <duckdb.h>
#include <gtest/gtest.h>
#include <sanitizer/asan_interface.h>

#include <cstdlib>

extern "C" {
// NOLINTBEGIN(readability-identifier-naming): jemalloc's names
__attribute__((visibility("default"))) void* duckdb_je_malloc(std::size_t size) {
  return std::malloc(size);
}
__attribute__((visibility("default"))) void* duckdb_je_realloc(void* memory, std::size_t size) {
  return std::realloc(memory, size);
}
__attribute__((visibility("default"))) void duckdb_je_free(void* memory) {
  std::free(memory);
}
// NOLINTEND(readability-identifier-naming)
}

namespace walbrook {
namespace {

// Another version of DuckDB may allocate differently; then the other tests would pass without checking anything.
TEST(SanitizedDuckDb, the_ends_of_vectors_are_watched) {
  duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
  duckdb_data_chunk chunk = duckdb_create_data_chunk(&type, 1);
  const auto* numbers = static_cast<const char*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
  const auto end = duckdb_vector_size() * sizeof(std::int32_t);
  EXPECT_EQ(__asan_address_is_poisoned(numbers + end - 1), 0);
  EXPECT_NE(__asan_address_is_poisoned(numbers + end), 0);
  duckdb_destroy_data_chunk(&chunk);
  EXPECT_NE(__asan_address_is_poisoned(numbers), 0) << "nor what was given back";
  duckdb_destroy_logical_type(&type);
}

}  // namespace
}  // namespace walbrook
