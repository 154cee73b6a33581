// ALTER TABLE and ALTER PUBLICATION on the model server, each in a transaction of its own.
//
// Each function does what the statement does or nothing: false where PostgreSQL would wait, because another transaction
// writes to the table or a copy reads it.
#pragma once

#include "test/sim/server.h"

namespace walbrook::sim {

struct NewColumn {
  std::string name;
  Oid type = 0;
  bool in_primary_key = false;
};

// Returns its OID. `identity`: 'd', 'f' or 'n'.
Oid create_table(Server& server, const std::string& name, const std::vector<NewColumn>& columns, char identity);
bool drop_table(Server& server, Oid table);

// `value`: what old rows have in it, without a message of the stream.
bool add_column(Server& server, Oid table, const std::string& name, Oid type, const Cell& value);
bool drop_column(Server& server, Oid table, std::size_t column);
// REQUIRES: no table has the name.
bool rename_table(Server& server, Oid table, const std::string& name);
bool rename_column(Server& server, Oid table, std::size_t column, const std::string& name);
// ALTER COLUMN … TYPE text USING …: every row gets `value` there, without a message of the stream.
bool rewrite_column(Server& server, Oid table, std::size_t column, const Cell& value);
bool set_identity(Server& server, Oid table, char identity);
// The table has another file, and its rows are as they were.
bool vacuum_full(Server& server, Oid table);

// Neither waits for writers: what they wrote before and after is published otherwise.
void publish(Server& server, Oid table);
void unpublish(Server& server, Oid table);

}  // namespace walbrook::sim
