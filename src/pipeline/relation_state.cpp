#include "pipeline/relation_state.h"

#include <utility>

namespace walbrook::pipeline {

RelationState describe_relation(const pgoutput::Relation& message, TypeCatalog& types, const ValueLimits& limits,
                                const TableGroups& groups) {
  TableSchema schema{.oid = message.oid,
                     .schema = message.schema.empty() ? "pg_catalog" : std::string(message.schema),
                     .name = std::string(message.name),
                     .identity = static_cast<ReplicaIdentity>(message.identity)};
  RelationState state;
  for (const auto& column : message.columns) {
    const auto type = types.find(column.type_oid);
    const auto physical = physical_type(type, column.typmod, limits);
    schema.columns.push_back({.name = std::string(column.name),
                              .type_oid = column.type_oid,
                              .typmod = column.typmod,
                              .in_key = column.in_key,
                              .type = physical,
                              .binary = has_binary_parser(type)});
    state.parsers.push_back(pgoutput::parsers_for(type.base_oid, type.is_enum, physical));
    state.row_width += is_variable_width(physical.layout) ? sizeof(std::int64_t) : value_width(physical.layout);
  }
  state.schema = std::make_shared<const TableSchema>(std::move(schema));
  state.group = groups.group(message.oid);
  return state;
}

}  // namespace walbrook::pipeline
