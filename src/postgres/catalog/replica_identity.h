// How UPDATE and DELETE of a published table identify their rows, and whether the source permits them at all.
//
// The Relation message of an ordinary table reports it. With publication via a partition root it does not: the message
// and its flags are the root's, old tuples hold the identity columns of the leaf that was changed and NULL for all
// others, and no change names its leaf. (Tried on 14, 15 and 18: for a root that is FULL over a leaf with the default
// identity, 'O' holds the key alone, and an UPDATE that keeps the key sends no old tuple; for a leaf with USING INDEX,
// 'K' holds the index's columns. Before its first change each leaf also sends its own Relation message, which holds its
// identity.) So the leaves' catalog rows decide. If they do not tell rows apart, the table is suspended.
#pragma once

#include <string>
#include <vector>

#include "model/table_schema.h"

namespace walbrook::postgres {

class Connection;
struct SourceTable;

// How the rows of a table are found by the stream's old tuples.
struct RowIdentity {
  enum class Kind {
    as_announced,  // as the Relation message reports it
    key,           // by `columns`, whatever the message reports
    whole_row,     // by all columns
    unidentified,  // no leaf has an identity: the source refuses UPDATE and DELETE; INSERTs continue
  };
  Kind kind = Kind::as_announced;
  std::vector<std::string> columns = {};  // for `key`: their names, sorted
  // The leaves' Relation messages describe all columns and can be compared. (With a column list the server selects a
  // leaf's columns by the root's attribute numbers.)
  bool leaves_comparable = false;
  friend bool operator==(const RowIdentity&, const RowIdentity&) = default;

  // Returns whether a leaf's Relation message reports this identity; true if nothing can be compared.
  [[nodiscard]] bool agrees_with(const TableSchema& leaf) const;
  // Sets the identity and the key columns of a root's schema.
  void apply(TableSchema& schema) const;
};

struct TableIdentity {
  RowIdentity rows;
  // Why old tuples do not tell rows apart, so that the table must be suspended. Empty if they do.
  std::string unclear;
  // Why the source refuses UPDATE or DELETE while the table or one of its leaves is published. Empty if it does not.
  std::string lack;
  std::string remedy;  // SQL, if one of the two is set
  friend bool operator==(const TableIdentity&, const TableIdentity&) = default;
};

// Sets SourceTable::row_identity of each table whose UPDATE or DELETE is published. If neither `columns` nor
// `published_columns` of a table is known, all columns except generated ones count as published.
void read_row_identities(Connection& catalog, std::vector<SourceTable>& tables);

}  // namespace walbrook::postgres
