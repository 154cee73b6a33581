// The clients of the model server: one random statement at a time, of a few transactions that are open side by side.
#pragma once

#include <string>
#include <vector>

#include "test/sim/seeded.h"
#include "test/sim/server.h"

namespace walbrook::sim {

struct WorkloadOptions {
  unsigned tables = 3;               // at the beginning
  unsigned transactions = 3;         // open at once, at most
  unsigned rows = 12;                // of one table, about
  bool two_phase = true;             // some transactions are prepared
  bool alters = true;                // tables and the publication are altered
  unsigned large_transactions = 10;  // percent that make tens of changes
};

class Workload {
 public:
  // Borrows `server`; creates its tables.
  Workload(Server& server, WorkloadOptions options, Random random);

  // One statement; returns what it was, for the trace. "" where a lock was in its way.
  std::string statement();
  // Ends one open transaction; "" when there is none.
  std::string end_one();

 private:
  struct Client {
    Xid xid = 0;
    std::size_t statements = 0;  // to come
  };

  std::string create_table();
  [[nodiscard]] std::string table_name();
  std::string drop_table(Oid table);
  std::string rename_table(Oid table);
  std::string begin_transaction();
  std::string act(Client& client);
  std::string change_row(Xid xid, Oid table);
  std::string end(std::size_t client);
  std::string end_prepared();
  std::string alter();
  std::string alter_publication();
  std::string alter_columns(Oid table);
  [[nodiscard]] std::vector<Oid> tables() const;
  [[nodiscard]] Cells new_row(const ModelTable& table);
  [[nodiscard]] Cell new_value(const ModelColumn& column);
  [[nodiscard]] std::string new_text();

  Server& server_;
  WorkloadOptions options_;
  Random random_;
  std::vector<Client> clients_;
  std::vector<Xid> prepared_;
  std::vector<std::string> dropped_;  // names that no table has any more
  unsigned names_ = 0;                // given to tables and columns so far
};

}  // namespace walbrook::sim
