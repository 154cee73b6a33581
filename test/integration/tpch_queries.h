// The 22 queries of TPC-H, with the specification's own parameters for validation, in SQL that both PostgreSQL and
// DuckDB accept. If the specification leaves the order of rows with equal sort keys open, a key is added that
// determines it.
#pragma once

#include <string_view>
#include <vector>

namespace walbrook::test::tpch {

// Query n is at index n - 1. Number 11 has its fraction for scale 0.1.
[[nodiscard]] const std::vector<std::string_view>& queries();

}  // namespace walbrook::test::tpch
