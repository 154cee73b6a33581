// The clients of the model server: one random statement at a time, from a few concurrent transactions.
#pragma once

#include <string>
#include <vector>

#include "test/sim/seeded.h"
#include "test/sim/server.h"

namespace walbrook::sim {

struct WorkloadOptions {
  unsigned tables = 3;               // at the beginning
  unsigned transactions = 3;         // the most that are open at once
  unsigned rows = 12;                // of one table, about
  bool two_phase = true;             // some transactions are prepared
  bool alters = true;                // tables and the publication are altered
  unsigned large_transactions = 10;  // percent of transactions that make tens of changes
};

class Workload {
 public:
  // Borrows `server` for its lifetime, and creates its tables.
  Workload(Server& server, WorkloadOptions options, Random random);

  // Executes one statement and returns its description for the trace; "": a lock prevented it.
  std::string statement();
  // Ends one open transaction; "": there is none.
  std::string end_one();

 private:
  struct Client {
    Xid xid = 0;
    std::size_t statements = 0;  // still to come
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
  std::string alter_alone(Oid table);
  std::string alter_columns(Xid xid, Oid table);
  [[nodiscard]] std::string column_name(const Shape& shape);
  [[nodiscard]] std::vector<Oid> tables() const;
  [[nodiscard]] Cells new_row(const ModelTable& table);
  [[nodiscard]] Cell new_value(const ModelColumn& column);
  [[nodiscard]] std::string new_text();

  Server& server_;
  WorkloadOptions options_;
  Random random_;
  std::vector<Client> clients_;
  std::vector<Xid> prepared_;
  std::vector<std::string> dropped_;  // names of dropped tables
  unsigned names_ = 0;                // number of names given to tables and columns so far
};

}  // namespace walbrook::sim
