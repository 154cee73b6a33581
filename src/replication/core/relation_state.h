// What the stream said of a relation, and how its tuples become rows.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/source_text.h"
#include "model/batch.h"
#include "postgres/protocol/message.h"
#include "postgres/values/values.h"
#include "replication/core/column_selection.h"
#include "replication/core/table_groups.h"

namespace walbrook::replication {

struct RelationState {
  TableSchemaRef schema;                   // of the columns that are copied
  std::vector<postgres::Parsers> parsers;  // as schema->columns
  std::vector<bool> taken;                 // of each column of a tuple: is it copied? Empty = all are
  Oid group = 0;
  std::size_t row_width = 0;        // memory of a row beside its variable-width bytes
  std::uint64_t types_version = 0;  // TypeCatalog::version when it was described
  // As the Relation message said; of a partition root `schema` has what its leaves have (RowIdentity).
  ReplicaIdentity announced_identity = ReplicaIdentity::key;
  std::vector<bool> announced_key;       // as schema->columns
  std::uint64_t identities_version = 0;  // TableGroups::identities_version when it was described
};

// A Relation message whose names are UTF-8. Borrows the message.
class RelationInUtf8 {
 public:
  // `text`: how the names are converted; nullptr: they are UTF-8.
  RelationInUtf8(const postgres::Relation& message, const SourceText* text);
  [[nodiscard]] const postgres::Relation& relation() const { return relation_; }

 private:
  std::deque<std::string> names_;
  postgres::Relation relation_;
};

// `selection` may be nullptr: every column is copied.
[[nodiscard]] RelationState describe_relation(const postgres::Relation& message, TypeCatalog& types,
                                              const ValueLimits& limits, const TableGroups& groups,
                                              const ColumnSelection* selection);
// The same relation, its user types and row identity looked up again; `known` itself where nothing is otherwise.
[[nodiscard]] std::shared_ptr<RelationState> describe_again(const std::shared_ptr<RelationState>& known,
                                                            TypeCatalog& types, const ValueLimits& limits,
                                                            const TableGroups& groups,
                                                            const ColumnSelection* selection);

}  // namespace walbrook::replication
