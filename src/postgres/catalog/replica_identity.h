// How UPDATE and DELETE of a published table name their rows, and whether the source lets them pass at all.
//
// An ordinary table's Relation message says it. Via a partition root it does not: the message and its flags are the
// root's, while old tuples hold the identity columns of the leaf that was changed, all others NULL, and no change names
// its leaf. (Tried on 14, 15 and 18: a root that is FULL over a leaf with its default sends 'O' with the key alone, an
// UPDATE that keeps the key no old tuple; a leaf USING INDEX sends 'K' with the index's columns. Ahead of its first
// change each leaf sends a Relation message of its own as well, which holds its identity.) So the leaves' catalog rows
// decide, and where they do not tell rows apart the table is suspended.
#pragma once

#include <string>
#include <vector>

#include "model/table_schema.h"

namespace walbrook::postgres {

class Connection;
struct SourceTable;

// By what rows of a table are found in the stream's old tuples.
struct RowIdentity {
  enum class Kind {
    as_announced,  // what the Relation message says holds
    key,           // by `columns`, whatever the message says
    whole_row,     // by all columns
    unidentified,  // no leaf has an identity: the source refuses UPDATE and DELETE, and INSERTs flow
  };
  Kind kind = Kind::as_announced;
  std::vector<std::string> columns = {};  // of `key`: their names, sorted
  // The Relation messages of leaves show all columns and can be compared. (With a column list the server picks a leaf's
  // columns by the root's attribute numbers.)
  bool leaves_comparable = false;
  friend bool operator==(const RowIdentity&, const RowIdentity&) = default;

  // What a leaf's Relation message says is what is held here. True where nothing can be compared.
  [[nodiscard]] bool agrees_with(const TableSchema& leaf) const;
  // Sets identity and key columns of a root's schema.
  void apply(TableSchema& schema) const;
};

struct TableIdentity {
  RowIdentity rows;
  // Why old tuples do not tell rows apart: the table must be suspended. Empty where they do.
  std::string unclear;
  // Why the source refuses UPDATE or DELETE while the table, or a leaf of it, is published. Empty where it does not.
  std::string lack;
  std::string remedy;  // SQL, where one of the two is set
  friend bool operator==(const TableIdentity&, const TableIdentity&) = default;
};

// What a publication publishes of its tables.
struct PublishedOperations {
  bool updates = true;
  bool deletes = true;
  bool via_partition_root = true;
};

// Sets SourceTable::row_identity of each. A table of which neither columns nor published_columns are known is judged as
// if all columns but generated ones were published.
void read_row_identities(Connection& catalog, std::vector<SourceTable>& tables, const PublishedOperations& operations);

}  // namespace walbrook::postgres
