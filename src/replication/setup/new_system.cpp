#include "replication/setup/new_system.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/same_table.h"

namespace walbrook::replication {
namespace {

std::string difference(const destination::OutputRecord& copied, const postgres::SourceTable* now) {
  if (now == nullptr) return "is not published";
  if (now->oid != copied.source) return fmt::format("has OID {}, and had {}", now->oid, copied.source);
  for (const auto& column : now->columns) {
    const auto* known = copied.columns->find(column.name);
    if (known == nullptr) return fmt::format("has a new column \"{}\"", column.name);
    if (known->type_oid != column.type_oid || known->typmod != column.typmod) {
      return fmt::format("has another type in column \"{}\"", column.name);
    }
  }
  return {};
}

}  // namespace

std::vector<destination::OutputRecord> accept_new_system(std::vector<destination::OutputRecord>& tables,
                                                         const postgres::Publication& publication) {
  std::vector<destination::OutputRecord> accepted;
  for (auto& table : tables) {
    if (table.state != destination::OutputState::streaming || table.columns == nullptr) continue;
    const auto found = std::ranges::find_if(publication.tables, same_table_as(table));
    const auto* now = found == publication.tables.end() ? nullptr : &*found;
    if (const auto differs = difference(table, now); !differs.empty()) {
      throw Error(
          ErrorKind::source_not_ready,
          fmt::format("the new cluster does not continue the replica: table {}.{} {}", table.schema, table.name,
                      differs),
          remedy(
              "{} is for a cluster that pg_upgrade created from the one that was copied. {} copies everything again.",
              RemedyOption::accept_new_system, RemedyAction::reset),
          {.table = table.schema + "." + table.name});
    }
    table.fingerprint = now->fingerprint;
    accepted.push_back(table);
  }
  return accepted;
}

}  // namespace walbrook::replication
