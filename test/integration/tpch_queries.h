// The 22 queries of TPC-H, with the specification's own parameters for validation, in SQL that PostgreSQL and DuckDB
// both take. Where the specification leaves rows of equal sort keys in any order, a key is added that tells them apart.
#pragma once

#include <string_view>
#include <vector>

namespace walbrook::test::tpch {

// Query n is at n - 1. Number 11 has its fraction for scale 0.1.
[[nodiscard]] const std::vector<std::string_view>& queries();

}  // namespace walbrook::test::tpch
