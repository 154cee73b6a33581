// Converts cells of the state's rows. NULL stands for what is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/lsn.h"
#include "destination/postgres/state.h"

namespace walbrook::destination::postgresql {

[[nodiscard]] std::optional<std::string> text_or_null(std::string text);  // NULL for ""
[[nodiscard]] std::optional<std::string> lsn_or_null(Lsn lsn);
[[nodiscard]] std::optional<std::string> boolean_or_null(std::optional<bool> value);
// The same as SQL: "'16/B374D848'", "NULL".
[[nodiscard]] std::string lsn_literal(Lsn lsn);
[[nodiscard]] std::string literal_or_null(const std::string& text);

// Reads schema_name, table_name, kind, output, columns, has_source.
[[nodiscard]] TargetRecord target_record(const postgres::Rows& rows, int row);

}  // namespace walbrook::destination::postgresql
