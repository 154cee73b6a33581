// ALTER TABLE and ALTER PUBLICATION on the model server.
//
// Each function either does what the statement does, or does nothing and returns false where PostgreSQL would wait
// because another transaction writes to the table or a copy reads it.
#pragma once

#include "test/sim/server.h"

namespace walbrook::sim {

struct NewColumn {
  std::string name;
  Oid type = 0;
  bool in_primary_key = false;
};

// These commit by themselves.
//
// Returns the table's OID. `identity`: 'd', 'f' or 'n'.
Oid create_table(Server& server, const std::string& name, const std::vector<NewColumn>& columns, char identity);
bool drop_table(Server& server, Oid table);
// REQUIRES: no table has that name.
bool rename_table(Server& server, Oid table, const std::string& name);
bool set_identity(Server& server, Oid table, char identity);
// Gives the table a new file; its rows stay the same.
bool vacuum_full(Server& server, Oid table);

// These belong to an open transaction, which may have written to the table before and goes on. REQUIRES: the
// transaction is not prepared.
//
// `value`: the value of old rows in the new column, for which the stream has no message.
bool add_column(Server& server, Xid xid, Oid table, const std::string& name, Oid type, const Cell& value);
bool drop_column(Server& server, Xid xid, Oid table, std::size_t column);
bool rename_column(Server& server, Xid xid, Oid table, std::size_t column, const std::string& name);
// ALTER COLUMN … TYPE text USING …: every row gets `value`, for which the stream has no message.
bool rewrite_column(Server& server, Xid xid, Oid table, std::size_t column, const Cell& value);

// These commit by themselves. They do not wait for writers: what a writer wrote before is published differently from
// what it writes after.
bool publish(Server& server, Oid table);
bool unpublish(Server& server, Oid table);

}  // namespace walbrook::sim
