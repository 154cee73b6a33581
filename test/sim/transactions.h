// What clients of the model server do: transactions that change rows.
//
// Each function does what the statement does or nothing: false where PostgreSQL would wait for a lock or refuse a key.
// REQUIRES, of each that takes an xid: the transaction is open and not prepared.
#pragma once

#include "test/sim/server.h"

namespace walbrook::sim {

[[nodiscard]] Xid begin(Server& server);

bool insert(Server& server, Xid xid, Oid table, const Cells& cells);
// `written`: which cells the statement sets; a large value of another one is not sent again.
bool update(Server& server, Xid xid, Oid table, RowId row, const Cells& after, const std::vector<bool>& written);
bool remove(Server& server, Xid xid, Oid table, RowId row);
bool truncate(Server& server, Xid xid, const std::vector<Oid>& tables);

void savepoint(Server& server, Xid xid);
// Takes back what was done since the newest savepoint, which goes. REQUIRES: there is one.
void rollback_to_savepoint(Server& server, Xid xid);
// The newest savepoint goes, what was done since stays. REQUIRES: there is one.
void release_savepoint(Server& server, Xid xid);

void commit(Server& server, Xid xid);
void rollback(Server& server, Xid xid);
void prepare(Server& server, Xid xid);
// REQUIRES: it is prepared.
void commit_prepared(Server& server, Xid xid);
void rollback_prepared(Server& server, Xid xid);

// A value that is stored apart from its row, so that an update of other columns does not send it.
[[nodiscard]] bool is_large(const Cell& cell);

}  // namespace walbrook::sim
