#include "replication/core/relation_state.h"

#include <algorithm>
#include <utility>

namespace walbrook::replication {

RelationInUtf8::RelationInUtf8(const postgres::Relation& message, const SourceText* text) : relation_(message) {
  if (text == nullptr) return;
  const auto convert = [this, text](std::string_view& name) { name = names_.emplace_back(text->name_to_utf8(name)); };
  convert(relation_.schema);
  convert(relation_.name);
  for (auto& column : relation_.columns) convert(column.name);
}

RelationState describe_relation(const postgres::Relation& message, TypeCatalog& types, const ValueLimits& limits,
                                const TableGroups& groups, const ColumnSelection* selection) {
  TableSchema schema{.oid = message.oid,
                     .schema = message.schema.empty() ? "pg_catalog" : std::string(message.schema),
                     .name = std::string(message.name),
                     .identity = static_cast<ReplicaIdentity>(message.identity)};
  RelationState state;
  std::vector<SourceType> types_of_columns;
  state.identities_version = groups.identities_version();
  state.types_version = types.version();  // read before the types: a change meanwhile makes a second look-up
  if (selection != nullptr) state.taken = selection->taken(message);
  for (std::size_t i = 0; i < message.columns.size(); ++i) {
    if (!state.taken.empty() && !state.taken[i]) continue;
    const auto& column = message.columns[i];
    auto type = types.find(column.type_oid);
    schema.columns.push_back({.name = std::string(column.name),
                              .type_oid = column.type_oid,
                              .typmod = column.typmod,
                              .in_key = column.in_key,
                              .type = physical_type(type, column.typmod, limits),
                              .binary = false});
    schema.columns.back().binary = has_binary_parser(type, schema.columns.back().type);
    types_of_columns.push_back(std::move(type));
  }
  if (selection != nullptr) selection->shape(schema);
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const auto& physical = schema.columns[i].type;
    state.parsers.push_back(postgres::parsers_for(types_of_columns[i], physical));
    state.row_width += is_variable_width(physical.layout) ? sizeof(std::int64_t) : value_width(physical.layout);
    state.announced_key.push_back(schema.columns[i].in_key);
  }
  state.announced_identity = schema.identity;
  groups.identity(message.oid).apply(schema);
  state.schema = std::make_shared<const TableSchema>(std::move(schema));
  state.group = groups.group(message.oid);
  return state;
}

AlteredTable describe_altered(const postgres::TableDescription& description, TypeCatalog& types,
                              const postgres::ParseOptions& parsing, const TableGroups& groups,
                              const ColumnSelection* selection) {
  postgres::Relation relation{.xid = 0,
                              .oid = description.table,
                              .schema = description.schema,
                              .name = description.name,
                              .identity = description.identity,
                              .columns = {}};
  for (const auto& column : description.columns) {
    relation.columns.push_back(
        {.in_key = column.in_key, .name = column.name, .type_oid = column.type, .typmod = column.typmod});
  }
  const auto state = describe_relation(relation, types, parsing.limits, groups, selection);
  AlteredTable altered{.schema = state.schema, .description = {}, .missing = {}};
  for (std::size_t i = 0; i < state.schema->columns.size(); ++i) {
    const auto& column = state.schema->columns[i];
    const auto text = description.missing.find(column.name);
    if (text == description.missing.end() || state.parsers[i].text == nullptr || parsing.text != nullptr) continue;
    auto value = std::make_shared<Column>(column.type);
    if (state.parsers[i].text(text->second, parsing, *value) != postgres::ParseStatus::ok) continue;
    if (value->overflow().empty()) altered.missing.emplace(column.name, std::move(value));
  }
  return altered;
}

std::shared_ptr<RelationState> describe_again(const std::shared_ptr<RelationState>& known, TypeCatalog& types,
                                              const ValueLimits& limits, const TableGroups& groups,
                                              const ColumnSelection* selection) {
  const auto& schema = *known->schema;
  const auto is_user_type = [](const ColumnSchema& column) { return column.type_oid >= first_user_oid; };
  const bool same_identities = known->identities_version == groups.identities_version();
  if (same_identities && std::ranges::none_of(schema.columns, is_user_type)) {
    known->types_version = types.version();
    return known;
  }
  postgres::Relation again{.xid = 0,
                           .oid = schema.oid,
                           .schema = schema.schema,
                           .name = schema.name,
                           .identity = static_cast<char>(known->announced_identity),
                           .columns = {}};
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const auto& column = schema.columns[i];
    again.columns.push_back(
        {.in_key = known->announced_key[i], .name = column.name, .type_oid = column.type_oid, .typmod = column.typmod});
  }
  auto fresh = describe_relation(again, types, limits, groups, selection);
  fresh.taken = known->taken;
  if (*fresh.schema != schema) return std::make_shared<RelationState>(std::move(fresh));
  known->types_version = fresh.types_version;
  known->identities_version = fresh.identities_version;
  return known;
}

}  // namespace walbrook::replication
