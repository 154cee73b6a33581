// Target tables that get other names, in the session's open transaction. What depends on them stays: views, keys,
// privileges.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "destination/postgres/session.h"
#include "destination/postgres/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::postgresql {

// `live`: the records of the tables, in the order of `moves`. Returns them as they are afterwards. Throws TargetRefused
// if a new name belongs to an object that this pipeline did not make.
[[nodiscard]] std::vector<TargetRecord> move_targets(Session& session, StateTables& state, const std::string& pipeline,
                                                     std::span<const TargetMove> moves, std::vector<TargetRecord> live);

}  // namespace walbrook::destination::postgresql
