#include "model/schema_diff.h"

#include <algorithm>

namespace walbrook {
namespace {

bool is_altered(const ColumnSchema& known, const ColumnSchema& now) {
  return known.type_oid != now.type_oid || known.typmod != now.typmod || known.type != now.type ||
         known.target != now.target;
}

bool has_other_identity(const TableSchema& known, const TableSchema& now) {
  const bool known_by_all = known.identity == ReplicaIdentity::full;
  const bool by_all = now.identity == ReplicaIdentity::full;
  return known_by_all != by_all || known.has_key() != now.has_key();
}

bool is_altered(const ColumnSchema& known, const SourceColumn& now) {
  return known.type_oid != now.type_oid || known.typmod != now.typmod;
}

bool is_in_other_key(const ColumnSchema& known, const ColumnSchema& now) {
  return known.in_key != now.in_key;
}

bool is_in_other_key(const ColumnSchema& /*known*/, const SourceColumn& /*now*/) {
  return false;
}

template <class Columns>
SchemaDiff compare_columns(const TableSchema& known, const Columns& now) {
  SchemaDiff diff;
  std::size_t matched = 0;
  std::ptrdiff_t last = -1;
  for (const auto& column : now) {
    const auto* before = known.find(column.name);
    if (before == nullptr) {
      diff.columns.push_back({ColumnChange::Kind::added, column.name});
      continue;
    }
    if (is_altered(*before, column)) diff.columns.push_back({ColumnChange::Kind::altered, column.name});
    diff.identity = diff.identity || is_in_other_key(*before, column);
    const auto at = before - known.columns.data();
    diff.moved = diff.moved || at < last;
    last = at;
    ++matched;
  }
  if (matched == known.columns.size()) return diff;
  for (const auto& column : known.columns) {
    const auto is_it = [&column](const auto& other) { return other.name == column.name; };
    if (std::ranges::none_of(now, is_it)) diff.columns.push_back({ColumnChange::Kind::dropped, column.name});
  }
  return diff;
}

}  // namespace

bool SchemaDiff::has(ColumnChange::Kind kind) const {
  return std::ranges::find(columns, kind, &ColumnChange::kind) != columns.end();
}

std::string SchemaDiff::reason() const {
  for (const auto& column : columns) {
    if (column.kind == ColumnChange::Kind::added) return "column \"" + column.name + "\" was added in the source";
    if (column.kind == ColumnChange::Kind::altered) {
      return "column \"" + column.name + "\" has another type in the source";
    }
  }
  return "its columns were renamed in the source";
}

SchemaDiff schema_diff(const TableSchema& known, const TableSchema& now) {
  auto diff = compare_columns(known, now.columns);
  diff.identity = diff.identity || has_other_identity(known, now);
  diff.renamed = diff.moved && known.oid == now.oid;
  return diff;
}

SchemaDiff schema_diff(const TableSchema& known, std::span<const SourceColumn> now) {
  auto diff = compare_columns(known, now);
  diff.renamed = diff.moved;
  return diff;
}

}  // namespace walbrook
