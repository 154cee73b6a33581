// A relation as the stream described it, and how its tuples become rows.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/source_text.h"
#include "model/batch.h"
#include "postgres/catalog/table_description.h"
#include "postgres/protocol/message.h"
#include "postgres/values/values.h"
#include "replication/core/column_selection.h"
#include "replication/core/table_groups.h"

namespace walbrook::replication {

struct RelationState {
  TableSchemaRef schema;                   // the columns that are copied
  std::vector<postgres::Parsers> parsers;  // in the order of schema->columns
  std::vector<bool> taken;                 // for each column of a tuple, whether it is copied; empty = all are
  Oid group = 0;                           // the table that its changes belong to (TableGroups)
  std::size_t row_width = 0;               // bytes of a row in memory, without its variable-width bytes
  std::uint64_t types_version = 0;         // TypeCatalog::version when it was described
  // The replica identity in the Relation message; `schema` has the identity of the partition root (RowIdentity).
  ReplicaIdentity announced_identity = ReplicaIdentity::key;
  std::vector<bool> announced_key;       // in the order of schema->columns
  std::uint64_t identities_version = 0;  // TableGroups::identities_version when it was described
};

// A Relation message with its names in UTF-8. Borrows the message for its lifetime.
class RelationInUtf8 {
 public:
  // `text` converts the names, and is borrowed for the call; nullptr: they are UTF-8.
  RelationInUtf8(const postgres::Relation& message, const SourceText* text);
  [[nodiscard]] const postgres::Relation& relation() const { return relation_; }

 private:
  std::deque<std::string> names_;
  postgres::Relation relation_;
};

// Describes the relation of a message. `selection` nullptr: every column is copied.
[[nodiscard]] RelationState describe_relation(const postgres::Relation& message, TypeCatalog& types,
                                              const ValueLimits& limits, const TableGroups& groups,
                                              const ColumnSelection* selection);
// Describes a table as an event trigger described it, with the columns that a Relation message after it will have.
// The members `description` and `transaction` are not set.
[[nodiscard]] AlteredTable describe_altered(const postgres::TableDescription& description, TypeCatalog& types,
                                            const postgres::ParseOptions& parsing, const TableGroups& groups,
                                            const ColumnSelection* selection);
// Describes the relation again, with its user types and row identity looked up again. Returns `known` itself if nothing
// has changed.
[[nodiscard]] std::shared_ptr<RelationState> describe_again(const std::shared_ptr<RelationState>& known,
                                                            TypeCatalog& types, const ValueLimits& limits,
                                                            const TableGroups& groups,
                                                            const ColumnSelection* selection);

}  // namespace walbrook::replication
