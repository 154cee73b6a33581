#include "destination/memory/memory_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "destination/memory/cell_equality.h"
#include "destination/memory/memory_capabilities.h"
#include "destination/target_renaming.h"
#include "destination/target_shape.h"
#include "model/reshaped_rows.h"

namespace walbrook::destination::memory {
namespace {

// Returns the index of a source column in a batch's schema; -1 if the schema lacks it.
std::ptrdiff_t place_of(const TableSchema& schema, const std::string& column) {
  const auto* found = schema.find(column);
  return found == nullptr ? -1 : found - schema.columns.data();
}

// Makes comparable keys from some columns of rows. Columns that a batch does not have are NULL. Looking up the columns'
// places is cheap as long as consecutive rows are of one batch.
class RowKeys {
 public:
  RowKeys(std::vector<std::string> columns, Equality equality) : columns_(std::move(columns)), equality_(equality) {}

  [[nodiscard]] std::string of(const RowBatch& batch, std::size_t row) {
    if (batch.schema != schema_) {
      schema_ = batch.schema;
      places_.clear();
      for (const auto& column : columns_) places_.push_back(place_of(*schema_, column));
    }
    std::string key;
    for (const auto place : places_) {
      if (place < 0) {
        key += '-';
      } else {
        append_comparable(key, batch.columns[static_cast<std::size_t>(place)], row, equality_);
      }
    }
    return key;
  }

 private:
  std::vector<std::string> columns_;
  Equality equality_;
  TableSchemaRef schema_;  // the schema that places_ index
  std::vector<std::ptrdiff_t> places_;
};

std::vector<std::string> names_of_key(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const auto at : schema.key_columns()) names.push_back(schema.columns[at].name);
  return names;
}

std::vector<std::string> names_of_all(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const auto& column : schema.columns) names.push_back(column.name);
  return names;
}

bool has_null_key(const RowBatch& batch, std::size_t row, const TableSchema& schema) {
  return std::ranges::any_of(schema.key_columns(), [&](std::size_t at) {
    return batch.columns[at].is_null(row) && batch.columns[at].overflow_at(row) == nullptr;
  });
}

void check_utf8(const Column& column, const std::string& name, const TableSchema& schema) {
  const auto layout = column.type().layout;
  if (layout != Layout::utf8 && layout != Layout::json) return;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row) || is_utf8(column.bytes_at(row))) continue;
    throw Error(ErrorKind::data,
                fmt::format("a value of column \"{}\" of table {} is not UTF-8", name, schema.full_name()));
  }
}

// The batch itself, if it does not have the column.
std::shared_ptr<const RowBatch> without_column(const std::shared_ptr<const RowBatch>& batch, const std::string& name) {
  const auto place = place_of(*batch->schema, name);
  if (place < 0) return batch;
  auto schema = *batch->schema;
  schema.columns.erase(schema.columns.begin() + place);
  auto out = *batch;
  out.columns.erase(out.columns.begin() + place);
  out.schema = std::make_shared<const TableSchema>(std::move(schema));
  return std::make_shared<const RowBatch>(std::move(out));
}

}  // namespace

MemoryTable::MemoryTable(const TableSchema& schema, TargetStyle style)
    : columns_(schema.columns), names_(target_column_names(capabilities().names, style, schema)), style_(style) {}

Column MemoryTable::values(const std::string& column) const {
  const auto known = std::ranges::find(columns_, column, &ColumnSchema::name);
  if (known == columns_.end()) throw Error(ErrorKind::internal, fmt::format("the table has no column \"{}\"", column));
  Column out(known->type);
  for (const auto& row : rows_) {
    const auto place = place_of(*row.batch->schema, column);
    if (place < 0) {
      out.append_null();
    } else {
      out.append_from(row.batch->columns[static_cast<std::size_t>(place)], row.row);
    }
  }
  return out;
}

template <class Change>
void MemoryTable::replace_batches(const Change& change) {
  std::map<std::shared_ptr<const RowBatch>, std::shared_ptr<const RowBatch>> replaced;
  for (auto& row : rows_) {
    auto& batch = replaced[row.batch];
    if (batch == nullptr) batch = change(row.batch);
    row.batch = batch;
  }
}

void MemoryTable::alter(const Alteration& alteration) {
  rename(alteration.renamed);
  for (const auto& column : alteration.widened) widen(column);
  for (const auto& column : alteration.columns) {
    if (alteration.replaces_dropped) drop(column.name);
    if (std::ranges::find(columns_, column.name, &ColumnSchema::name) != columns_.end()) continue;
    const auto value = alteration.values.find(column.name);
    add(column, value == alteration.values.end() ? nullptr : value->second.get());
  }
}

void MemoryTable::rename(const std::vector<Alteration::RenamedColumn>& renamed) {
  if (renamed.empty()) return;
  destination::Target target{.schema = "", .table = "", .columns = {}};
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    target.columns.push_back({.name = names_[c], .source = columns_[c].name});
  }
  const auto known = target.columns;
  const auto dropped = rename_columns(capabilities().names, target, renamed, style_.naming).dropped;
  for (const auto& column : known) {
    if (std::ranges::find(dropped, column.name) != dropped.end()) drop(column.source);
  }
  std::map<std::string, const ColumnSchema*> names;
  for (const auto& [from, to] : renamed) names[from] = &to;
  std::set<std::string> overflow;
  for (const auto& name : overflow_) overflow.insert(names.contains(name) ? names.at(name)->name : name);
  overflow_ = std::move(overflow);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    names_[c] = target.columns[c].name;
    if (const auto found = names.find(columns_[c].name); found != names.end()) columns_[c] = *found->second;
  }
  replace_batches([&names](const std::shared_ptr<const RowBatch>& batch) {
    auto out = *batch;
    auto schema = *batch->schema;
    for (auto& column : schema.columns) {
      if (const auto found = names.find(column.name); found != names.end()) column.name = found->second->name;
    }
    out.schema = std::make_shared<const TableSchema>(std::move(schema));
    return std::make_shared<const RowBatch>(std::move(out));
  });
}

void MemoryTable::widen(const ColumnSchema& column) {
  const auto known = std::ranges::find(columns_, column.name, &ColumnSchema::name);
  if (known == columns_.end()) return;
  *known = column;
  replace_batches([&column](const std::shared_ptr<const RowBatch>& batch) {
    const auto place = place_of(*batch->schema, column.name);
    if (place < 0) return batch;
    auto out = *batch;
    auto schema = *batch->schema;
    schema.columns[static_cast<std::size_t>(place)].type = column.type;
    out.columns[static_cast<std::size_t>(place)] = widened(out.columns[static_cast<std::size_t>(place)], column.type);
    out.schema = std::make_shared<const TableSchema>(std::move(schema));
    return std::make_shared<const RowBatch>(std::move(out));
  });
}

void MemoryTable::add(const ColumnSchema& column, const Column* value) {
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::any_of(names_,
                               [&](const std::string& other) { return capabilities().names.same(other, name); });
  };
  names_.push_back(free_name(capabilities().names, column_name(column, style_.naming), is_taken));
  columns_.push_back(column);
  if (value == nullptr) return;
  replace_batches([&](const std::shared_ptr<const RowBatch>& batch) {
    auto schema = *batch->schema;
    std::vector<ColumnOrigin> origins;
    for (std::size_t c = 0; c < schema.columns.size(); ++c) origins.push_back({.column = c});
    schema.columns.push_back(column);
    origins.push_back({.column = std::nullopt, .value = value});
    return std::make_shared<const RowBatch>(
        reshaped_rows(*batch, std::make_shared<const TableSchema>(std::move(schema)), origins));
  });
}

void MemoryTable::drop(const std::string& column) {
  const auto found = std::ranges::find(columns_, column, &ColumnSchema::name);
  if (found == columns_.end()) return;
  names_.erase(names_.begin() + (found - columns_.begin()));
  columns_.erase(found);
  overflow_.erase(column);
  replace_batches([&column](const std::shared_ptr<const RowBatch>& batch) { return without_column(batch, column); });
}

void MemoryTable::describe(const TableSchema& schema) {
  for (auto& column : columns_) {
    if (const auto* described = schema.find(column.name)) column.description = described->description;
  }
}

void MemoryTable::complete(const Patch& patch, RowBatch& into) const {
  const auto& schema = *into.schema;
  RowKeys keys(names_of_key(schema), Equality::as_keys);
  const auto wanted = keys.of(*patch.origin.batch, patch.origin.row);
  const Row* found = nullptr;
  std::size_t count = 0;
  for (const auto& row : rows_) {
    if (keys.of(*row.batch, row.row) != wanted) continue;
    found = &row;
    ++count;
  }
  if (count != 1) {
    throw Error(ErrorKind::data,
                fmt::format("table {}: {} rows have the key of a row whose unchanged values are to be kept",
                            schema.full_name(), count),
                "The target table was changed by another program, or differs from the source.");
  }
  for (std::size_t c = 0; c < into.columns.size(); ++c) {
    if (!patch.row.batch->unchanged(patch.row.row, c)) {
      into.columns[c].append_from(patch.row.batch->columns[c], patch.row.row);
      continue;
    }
    const auto place = place_of(*found->batch->schema, schema.columns[c].name);
    if (place < 0) {
      into.columns[c].append_null();
    } else {
      into.columns[c].append_from(found->batch->columns[static_cast<std::size_t>(place)], found->row);
    }
  }
  into.finish_row(Op::insert, patch.row.batch->transaction[patch.row.row]);
}

std::uint64_t MemoryTable::remove(std::span<const Removal> removals, const TableSchema& schema, bool keyed) {
  RowKeys keys(keyed ? names_of_key(schema) : names_of_all(schema), keyed ? Equality::as_keys : Equality::as_content);
  std::unordered_map<std::string, std::uint64_t> wanted;
  for (const auto& removal : removals) {
    if (keyed && has_null_key(*removal.row.batch, removal.row.row, schema)) continue;
    auto& count = wanted[keys.of(*removal.row.batch, removal.row.row)];
    count = keyed ? UINT64_MAX : count + removal.count;
  }
  const auto before = rows_.size();
  std::erase_if(rows_, [&](const Row& row) {
    const auto found = wanted.find(keys.of(*row.batch, row.row));
    if (found == wanted.end() || found->second == 0) return false;
    --found->second;
    return true;
  });
  return before - rows_.size();
}

std::uint64_t MemoryTable::append(std::shared_ptr<const RowBatch> batch, const std::vector<Provenance>& provenance) {
  const auto& schema = *batch->schema;
  std::uint64_t overflow = 0;
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    const auto& column = schema.columns[c];
    const auto known = std::ranges::find(columns_, column.name, &ColumnSchema::name);
    if (known == columns_.end() || known->type != column.type) {
      throw Error(ErrorKind::internal, fmt::format("the target of table {} has no column \"{}\" of that type",
                                                   schema.full_name(), column.name));
    }
    overflow += batch->columns[c].overflow().size();
    if (!batch->columns[c].overflow().empty() && !has_overflow(column.name)) {
      throw Error(ErrorKind::internal, fmt::format("the overflow column of \"{}\" of table {} was not prepared",
                                                   column.name, schema.full_name()));
    }
    check_utf8(batch->columns[c], column.name, schema);
  }
  for (std::uint32_t row = 0; row < batch->rows(); ++row) rows_.push_back({batch, row, provenance[row]});
  return overflow;
}

}  // namespace walbrook::destination::memory
