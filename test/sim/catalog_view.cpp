#include "test/sim/catalog_view.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace walbrook::sim {
namespace {

constexpr std::uint32_t public_schema = 2200;

// Returns the fingerprint as postgres/catalog/fingerprint.h reads it. The publication lists its tables by name.
std::string fingerprint(const ModelTable& table) {
  const auto& shape = *table.shape;
  auto columns = nlohmann::json::array();
  for (const auto& column : shape.columns) {
    columns.push_back({column.number, column.name, column.type, -1, column.version, column.has_missing, 0, 0});
  }
  const nlohmann::json json = {{"publication", "named/" + std::to_string(table.published)},
                               {"reach", "n"},
                               {"via_root", false},
                               {"schema", {public_schema, nullptr}},
                               {"file", table.file},
                               {"written", {table.written}},
                               {"identity", std::string(1, shape.identity)},
                               {"columns", columns},
                               {"attributes", shape.attributes},
                               {"members", nullptr},
                               {"composites", nullptr},
                               {"enums", nullptr}};
  return json.dump();
}

postgres::SourceTable source_table(const ModelTable& table) {
  const auto& shape = *table.shape;
  postgres::SourceTable out{.oid = shape.oid, .schema = "public", .name = shape.name};
  out.members = {shape.oid};
  out.identity = static_cast<ReplicaIdentity>(shape.identity);
  out.has_identity_key = std::ranges::any_of(shape.columns, &ModelColumn::in_primary_key);
  for (const auto& column : shape.columns) {
    out.columns.push_back({.name = column.name, .type_oid = column.type, .typmod = -1});
  }
  out.estimated_rows = static_cast<std::int64_t>(table.committed.size());
  out.bytes = out.estimated_rows * 100;
  out.fingerprint = fingerprint(table);
  return out;
}

}  // namespace

std::string read_snapshot(const Server& server) {
  std::string open;
  for (const auto& [xid, transaction] : server.open) open += std::to_string(xid) + ",";
  return std::to_string(server.next_xid) + ":" + open;
}

postgres::Publication read_publication(const Server& server) {
  postgres::Publication publication{
      .name = "simulated", .inserts = true, .updates = true, .deletes = true, .truncates = true};
  for (const auto& [oid, table] : server.tables) {
    if (table.published != 0) publication.tables.push_back(source_table(table));
  }
  std::ranges::sort(publication.tables, {}, &postgres::SourceTable::name);
  publication.complete_to = publication.position = server.end;
  publication.moment = {.lsn = server.end, .next_xid = server.next_xid, .oldest_xid = server.oldest_open_xid()};
  return publication;
}

TableSchemaRef copied_schema(const Shape& shape, const ValueLimits& limits) {
  TableSchema schema{.oid = shape.oid,
                     .schema = "public",
                     .name = shape.name,
                     .identity = static_cast<ReplicaIdentity>(shape.identity)};
  for (const auto& column : shape.columns) {
    const auto type = built_in_type(column.type);
    schema.columns.push_back({.name = column.name,
                              .type_oid = column.type,
                              .in_key = shape.identity == 'f' || (shape.identity == 'd' && column.in_primary_key),
                              .type = physical_type(type, -1, limits),
                              .binary = has_binary_parser(type)});
  }
  return std::make_shared<const TableSchema>(std::move(schema));
}

}  // namespace walbrook::sim
