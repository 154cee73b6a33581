// Converts cells of the state's rows: everything is text, and "" stands for what is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/lsn.h"
#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

[[nodiscard]] std::string text(const Row& row, std::size_t column);     // "" for NULL
[[nodiscard]] std::int64_t number(const Row& row, std::size_t column);  // 0 for NULL
[[nodiscard]] std::optional<bool> boolean(const Row& row, std::size_t column);
// Throws Error(destination) for a text that is no LSN.
[[nodiscard]] Lsn lsn(const Row& row, std::size_t column);

[[nodiscard]] std::string boolean_text(std::optional<bool> value);
[[nodiscard]] std::string lsn_text(Lsn lsn);

}  // namespace walbrook::destination::duckdb
