#include "postgres/preflight/preflight_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/same_table.h"
#include "postgres/catalog/partition_tree.h"
#include "postgres/catalog/table_obstacles.h"
#include "postgres/preflight/preflight_types.h"

namespace walbrook::postgres {
namespace {

// Selects partitions whose changes are not in the write-ahead log.
constexpr auto partitions_query = R"(
SELECT tree.root, c.oid::pg_catalog.regclass::text, c.relkind = 'f'
FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND (c.relkind = 'f' OR c.relkind = 'r' AND c.relpersistence = 'u')
)";

void check_obstacles(const SourceTable& table, const PreflightRequest& request, Findings& found) {
  const auto topic = "table " + table.full_name();
  if (!table.disagreement.empty()) return found.error(topic, table.unfit.reason, table.unfit.remedy);
  if (!table.unfit.reason.empty()) found.table_error(topic, table.unfit.reason, table.unfit.remedy);
  if (table.unreadable.reason.empty()) return;
  if (std::ranges::find(request.streaming, table.oid) != request.streaming.end()) {
    found.warning(topic, table.unreadable.reason + "; its changes continue, and it cannot be resynced",
                  table.unreadable.remedy);
  } else {
    found.table_error(topic, table.unreadable.reason, table.unreadable.remedy);
  }
}

void check_replica_identity(const SourceTable& table, const std::map<Oid, std::string>& leaving_out, Findings& found) {
  const auto& identity = table.row_identity;
  const auto name = table.full_name();
  const auto left_out = leaving_out.find(table.oid);
  if (!identity.lack.empty() && left_out != leaving_out.end()) {
    return found.reported_warning(
        "table " + name,
        fmt::format("publication {} leaves out {}, because UPDATE and DELETE would fail AT THE SOURCE: {}",
                    left_out->second, name, identity.lack),
        "As its owner: " + identity.remedy);
  }
  if (!identity.unclear.empty()) {
    found.reported_warning("table " + name, fmt::format("table {} will be suspended: {}", name, identity.unclear),
                           "As its owner: " + identity.remedy);
  }
  if (identity.lack.empty()) return;
  const auto* failing = table.operations.updates && table.operations.deletes ? "UPDATE and DELETE"
                        : table.operations.updates                           ? "UPDATE"
                                                                             : "DELETE";
  found.warning("table " + name,
                fmt::format("{} of {} will fail AT THE SOURCE while it is published: {}", failing, name, identity.lack),
                "As its owner: " + identity.remedy);
}

void check_partitions(Connection& catalog, const std::vector<SourceTable>& tables, Findings& found) {
  const auto rows = catalog.query(over_partition_tree(partitions_query), {oid_array(tables)}, "reading partitions");
  for (int row = 0; row < rows.size(); ++row) {
    const auto root = std::ranges::find(tables, rows.oid(row, 0), &SourceTable::oid);
    const auto name = root->full_name();
    const auto leaf = rows.text(row, 1);
    const auto foreign = rows.boolean(row, 2);
    found.table_error(
        "table " + name,
        fmt::format("partition {} of {} is {}: its changes are not in the write-ahead log", leaf, name,
                    foreign ? "a foreign table" : "unlogged"),
        foreign
            ? fmt::format("Publish the other partitions one by one, or detach it: ALTER TABLE {} DETACH PARTITION {};",
                          catalog.quote_table(root->schema, root->name), leaf)
            : fmt::format("ALTER TABLE {} SET LOGGED;", leaf));
  }
}

bool is_asked(const PreflightRequest& request, const SourceTable& table) {
  return request.tables.empty() || std::ranges::any_of(request.tables, same_table_as(table));
}

}  // namespace

void check_tables(Connection& catalog, std::vector<SourceTable> tables, const PreflightRequest& request,
                  const std::map<Oid, std::string>& leaving_out, Findings& found) {
  std::erase_if(tables, [&request](const SourceTable& table) { return !is_asked(request, table); });
  read_obstacles(catalog, tables, request.publication);
  for (const auto& table : tables) {
    check_obstacles(table, request, found);
    check_replica_identity(table, leaving_out, found);
  }
  check_partitions(catalog, tables, found);
  if (request.destination_types) check_extension_types(catalog, tables, request, found);
}

}  // namespace walbrook::postgres
