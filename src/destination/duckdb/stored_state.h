// The state that pipelines stored in a DuckDB file, read by queries on schema _walbrook.
#pragma once

#include <memory>

#include "destination/stored_state.h"

namespace walbrook::destination::duckdb {

[[nodiscard]] std::unique_ptr<StoredState> stored_state(AskSql ask);

}  // namespace walbrook::destination::duckdb
