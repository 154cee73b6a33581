// The statements of the model server's clients: transactions that change rows.
//
// Each function either does what the statement does, or does nothing and returns false where PostgreSQL would wait for
// a lock or refuse a key. REQUIRES, for each function with an xid: the transaction is open and not prepared.
#pragma once

#include "test/sim/server.h"

namespace walbrook::sim {

[[nodiscard]] Xid begin(Server& server);

bool insert(Server& server, Xid xid, Oid table, const Cells& cells);
// `written`: the cells that the statement sets. A large value of another cell is not sent again.
bool update(Server& server, Xid xid, Oid table, RowId row, const Cells& after, const std::vector<bool>& written);
bool remove(Server& server, Xid xid, Oid table, RowId row);
bool truncate(Server& server, Xid xid, const std::vector<Oid>& tables);

void savepoint(Server& server, Xid xid);
// Undoes everything since the newest savepoint, and removes the savepoint. REQUIRES: there is one.
void rollback_to_savepoint(Server& server, Xid xid);
// Removes the newest savepoint and keeps what was done since. REQUIRES: there is one.
void release_savepoint(Server& server, Xid xid);

void commit(Server& server, Xid xid);
void rollback(Server& server, Xid xid);
void prepare(Server& server, Xid xid);
// REQUIRES: the transaction is prepared.
void commit_prepared(Server& server, Xid xid);
void rollback_prepared(Server& server, Xid xid);

// True for a value that is stored apart from its row, so that an update of other columns does not send it.
[[nodiscard]] bool is_large(const Cell& cell);

}  // namespace walbrook::sim
