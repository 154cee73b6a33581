// The state that pipelines stored in a database of a PostgreSQL server, read by queries on schema _walbrook.
#pragma once

#include <memory>

#include "destination/stored_state.h"

namespace walbrook::destination::postgresql {

[[nodiscard]] std::unique_ptr<StoredState> stored_state(AskSql ask);

}  // namespace walbrook::destination::postgresql
