// What the stream said of a relation, and how its tuples become rows.
#pragma once

#include <vector>

#include "package/load_package.h"
#include "pgoutput/message.h"
#include "pgoutput/values.h"
#include "pipeline/table_groups.h"

namespace walbrook::pipeline {

struct RelationState {
  TableSchemaRef schema;
  std::vector<pgoutput::Parsers> parsers;  // as schema->columns
  Oid group = 0;
  std::size_t row_width = 0;  // memory of a row beside its variable-width bytes
  bool in_trouble = false;    // a value could not be read: the table will be set aside
};

[[nodiscard]] RelationState describe_relation(const pgoutput::Relation& message, TypeCatalog& types,
                                              const ValueLimits& limits, const TableGroups& groups);

}  // namespace walbrook::pipeline
