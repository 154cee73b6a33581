// Quotes names and texts for SQL as PostgreSQL (with standard_conforming_strings, and in the replication grammar) and
// DuckDB both read them.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// "name", with every double quote in it doubled.
[[nodiscard]] std::string quote_identifier(std::string_view name);
// 'text', with every single quote in it doubled; a backslash is an ordinary character.
[[nodiscard]] std::string quote_literal(std::string_view text);

}  // namespace walbrook
