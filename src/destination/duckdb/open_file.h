// Opens a database file. Each failure is reported with its cause and, where one is known, a hint.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace walbrook::destination::duckdb {

struct DatabaseOptions;

// DuckDB's settings for a database that is about to be opened.
class Settings {
 public:
  Settings();
  Settings(Settings&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Settings& operator=(Settings&&) = delete;
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  ~Settings() { duckdb_destroy_config(&raw_); }

  // Throws Error(configuration) for a value that DuckDB does not take.
  void set(const char* name, const std::string& value);
  [[nodiscard]] duckdb_config get() const { return raw_; }

 private:
  duckdb_config raw_ = nullptr;
};
// Returns the settings that every database has. `memory_limit` "": no limit.
[[nodiscard]] Settings common_settings(const DatabaseOptions& options, const std::string& memory_limit);

// By DuckDB's own accounting. The process takes 140 to 170 MB more (measured with a transaction that updates 4 M rows:
// 350 MB at the peak with 192MB, 420 MB with 256MB).
inline constexpr const char* default_memory_limit = "192MB";
inline constexpr std::size_t default_memory_bytes = 192'000'000;

// Returns the first line. DuckDB's messages quote the statement in later lines.
[[nodiscard]] std::string first_line(std::string_view message);

[[nodiscard]] bool is_out_of_memory(std::string_view message);

// Opens the file. Throws Error(destination). REQUIRES: the file is claimed (file_claim.h).
[[nodiscard]] duckdb_database open_file(const DatabaseOptions& options, const std::string& memory_limit);

}  // namespace walbrook::destination::duckdb
