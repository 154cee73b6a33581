// Checks what users write: names by PostgreSQL's rules, sizes, positions. Finds what they may have meant.
//
// Everything here throws Error(configuration) that names the flag (or the variable) with the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/lsn.h"

namespace walbrook {

// [a-z0-9_]{1,63}.  https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS-MANIPULATION
void check_slot_name(std::string_view flag, std::string_view name);
// Any name that PostgreSQL can hold without cutting it: 1 to 63 bytes.
void check_name(std::string_view flag, std::string_view name);
[[nodiscard]] Lsn parse_lsn(std::string_view flag, std::string_view text);
[[nodiscard]] std::uint64_t parse_count(std::string_view flag, std::string_view text, std::uint64_t least,
                                        std::uint64_t most);
// "64MB", "65536", "64 kB" in bytes; kB, MB and GB are powers of 1024, as in postgresql.conf.
[[nodiscard]] std::uint64_t parse_size(std::string_view flag, std::string_view text, std::uint64_t least);
// A memory setting of PostgreSQL (kB, MB, GB, TB), which is passed on as written.
void check_postgres_memory(std::string_view flag, std::string_view text);
// DuckDB's memory_limit: "512MB", "2GB", "1.5GiB", "80%".
void check_duckdb_memory(std::string_view flag, std::string_view text);

// Returns the item of `known` that `word` was probably meant to be; "" if none is near.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace walbrook
