// Makes a target table follow the columns of its source (Alteration).
#pragma once

#include "destination/postgres/server_types.h"
#include "destination/postgres/session.h"
#include "destination/target.h"
#include "destination/transaction.h"

namespace walbrook::destination::postgresql {

// Makes all of the alteration but the overflow columns, in the session's open transaction. Columns that the table has
// already are not added. Returns whether the target changed.
bool alter_target(Session& session, const ServerTypes& types, Target& target, const Alteration& alteration,
                  Naming naming);

}  // namespace walbrook::destination::postgresql
