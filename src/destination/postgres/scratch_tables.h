// Temporary tables of a session, for rows that a statement joins with a target table.
//
// They are empty after each transaction, and are kept for the next one: creating a table for every load would make the
// server's catalog grow. Tables with the same columns are used for any target.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "destination/postgres/session.h"

namespace walbrook::destination::postgresql {

class ScratchTables {
 public:
  explicit ScratchTables(Session& session) : session_(session) {}

  // Returns an empty table with columns c0, c1, … of these types, which nothing else uses until `give_back`.
  [[nodiscard]] std::string take(const std::vector<std::string>& types);
  void give_back(const std::string& table);
  // The transaction was committed: all tables are free, and empty.
  void committed();
  // The transaction was rolled back: the tables that it created are gone.
  void rolled_back();

 private:
  struct Table {
    std::string name;
    bool taken = false;
    bool has_rows = false;  // may hold rows of this transaction
    bool is_new = false;    // this transaction created it
  };
  Session& session_;
  std::multimap<std::string, Table> tables_;  // by the definition of their columns
  int created_ = 0;
};

}  // namespace walbrook::destination::postgresql
