#include "test/sim/catalog_view.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "test/sim/descriptions.h"

namespace walbrook::sim {
namespace {

constexpr std::uint32_t public_schema = 2200;

// Returns the fingerprint as postgres/catalog/fingerprint.h reads it. The publication lists its tables by name.
std::string fingerprint(const Server& server, const ModelTable& table) {
  const auto& shape = *table.committed_row.shape;
  const bool is_described = server.trigger.is_complete(server.oldest_open_xid());
  nlohmann::json json = {{"publication", "named/" + std::to_string(table.published)},
                         {"reach", "n"},
                         {"via_root", false},
                         {"schema", {public_schema, nullptr}},
                         {"file", table.committed_row.file},
                         {"written", {table.committed_row.written, 0}},
                         {"identity", std::string(1, shape.identity)},
                         {"columns", described_columns(shape)},
                         {"attributes", shape.attributes},
                         {"ddl_trigger", nullptr},
                         {"members", nullptr},
                         {"composites", nullptr},
                         {"enums", nullptr}};
  if (is_described) json["ddl_trigger"] = std::to_string(server.trigger.version);
  return json.dump();
}

postgres::SourceTable source_table(const Server& server, const ModelTable& table) {
  const auto& shape = *table.committed_row.shape;
  postgres::SourceTable out{.oid = shape.oid, .schema = "public", .name = shape.name};
  out.members = {shape.oid};
  out.identity = static_cast<ReplicaIdentity>(shape.identity);
  out.has_identity_key = std::ranges::any_of(shape.columns, &ModelColumn::in_primary_key);
  for (const auto& column : shape.columns) {
    out.columns.push_back({.name = column.name, .type_oid = column.type, .typmod = -1});
  }
  out.estimated_rows = static_cast<std::int64_t>(table.committed.size());
  out.bytes = out.estimated_rows * 100;
  out.fingerprint = fingerprint(server, table);
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
    if (table.published != 0) publication.tables.push_back(source_table(server, table));
  }
  std::ranges::sort(publication.tables, {}, &postgres::SourceTable::name);
  publication.complete_to = publication.position = server.end;
  publication.moment = {.lsn = server.end, .next_xid = server.next_xid, .oldest_xid = server.oldest_open_xid()};
  return publication;
}

std::vector<std::int32_t> attribute_numbers(const Shape& shape) {
  std::vector<std::int32_t> numbers;
  for (const auto& column : shape.columns) numbers.push_back(column.number);
  return numbers;
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
