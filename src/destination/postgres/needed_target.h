// A target table that others need, such as the table of a view: PostgreSQL does not drop it. It takes the rows of its
// new copy, where any other table is dropped and replaced by the copy.
//
// All of it runs in the session's open transaction.
#pragma once

#include <string>

#include "destination/postgres/session.h"
#include "destination/target.h"

namespace walbrook::destination::postgresql {

// Returns whether views or functions need the table, and nothing else: a foreign key might delete what refers to its
// rows. It is asked beforehand, since an attempt to drop the table would wait for its readers.
[[nodiscard]] bool is_needed(Session& session, const TargetName& table);
// Returns whether the target has every column of the copy, with the same type and the same meaning.
[[nodiscard]] bool takes_rows_of(Session& session, const Target& target, const Target& copy);
// Replaces the target's rows by those of the copy. They are deleted, not truncated: a reader whose snapshot is older
// still sees them. REQUIRES: takes_rows_of(session, target, copy).
void replace_rows(Session& session, const Target& target, const Target& copy, const std::string& action);

}  // namespace walbrook::destination::postgresql
