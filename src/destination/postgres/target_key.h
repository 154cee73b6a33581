// The key of a target table: an index, or the primary key, on the columns by which changes find their rows.
//
// A primary key lets the table be replicated in turn. It follows the source: when the source identifies the table's
// rows by other columns, the primary key is on these; when by all of them, it is dropped. Rows are removed before
// others are appended, so the net effect of a batch, in which keys may be swapped, never has a key twice.
#pragma once

#include <string>

#include "destination/postgres/server_types.h"
#include "destination/postgres/session.h"
#include "destination/target.h"

namespace walbrook::destination::postgresql {

enum class KeyForm { index, primary_key };

// Creates the key of a table that has none, if `schema` has one. The columns of a primary key are marked in `target`.
//
// No table is refused because of its key. If its rows do not allow a primary key (a value that its column cannot hold
// is NULL there), it gets an index, and a warning says so; if values are too long for an index, it gets none.
// REQUIRES: a transaction is open.
void create_key(Session& session, const ServerTypes& types, Target& target, const TableSchema& schema, KeyForm form);
// Drops the primary key that create_key made, if there is one.
void drop_primary_key(Session& session, Target& target);

// Gives the index of the table's key, if it has one, that name. A primary key has the name of its index.
void rename_index(Session& session, const TargetName& table, const std::string& name);
// Calls the index of the key after the table, unless another relation has that name.
void name_index_after_table(Session& session, const TargetName& table);

// Returns whether create_key has given the table a primary key on other columns than the key of `schema`.
[[nodiscard]] bool has_other_primary_key(const Target& target, const TableSchema& schema);

}  // namespace walbrook::destination::postgresql
