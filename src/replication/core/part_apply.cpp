#include "replication/core/part_apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <variant>

#include "base/fault.h"
#include "base/planted.h"
#include "model/part_codec.h"
#include "model/schema_diff.h"
#include "output/disposition.h"
#include "replication/core/output_failed.h"
#include "replication/core/rows_since.h"

namespace walbrook::replication {
namespace {

// The bytes of a row's key: equal for equal keys of one table, and for no others.
std::string key_bytes(const RowRef& row) {
  std::string key;
  const auto add = [&key](char kind, std::string_view bytes) {
    key += kind;
    key += std::to_string(bytes.size());
    key += ':';
    key += bytes;
  };
  for (std::size_t c = 0; c < row.batch->columns.size(); ++c) {
    if (!row.batch->schema->columns[c].in_key) continue;
    const auto& column = row.batch->columns[c];
    if (const auto* text = column.overflow_at(row.row)) {
      add('o', *text);
    } else if (column.is_null(row.row)) {
      add('n', {});
    } else {
      add('v', column.bytes_at(row.row));
    }
  }
  return key;
}

// Calls `each` with every spooled operation at or after `from`: a RowBatch or a Truncate.
void for_each_since(Spool& spool, const SpoolKey& key, Lsn from,
                    const std::function<void(const Operation&, const std::vector<Transaction>&)>& each) {
  spool.for_each(key, [&](std::string_view bytes) {
    auto part = read_part(bytes);
    for (auto& operation : part.operations) {
      if (auto* batch = std::get_if<RowBatch>(&operation)) {
        const Operation since = rows_since(std::move(*batch), part.transactions, from);
        if (std::get<RowBatch>(since).rows() > 0) each(since, part.transactions);
      } else if (part.transactions[std::get<Truncate>(operation).transaction].commit_lsn >= from) {
        each(operation, part.transactions);
      }
    }
  });
}

}  // namespace

void PartApply::apply(Spool& rows, const TableSchemaRef& columns, Lsn from) {
  for_output(record_.id, [&] {
    if (!find_changed(*columns, from)) return;
    fault::hit("before_swap_in");
    write_part(rows, from);
    if (!inside_.empty() && !planted::is(planted::Fault::part_without_changes)) apply_changes(from);
  });
}

namespace {

bool has_other_columns(const TableSchema& known, const TableSchema& now) {
  const auto diff = schema_diff(known, now);
  return !diff.columns.empty() || diff.identity;
}

}  // namespace

bool PartApply::find_changed(const TableSchema& columns, Lsn from) {
  if (!columns.has_key()) throw PartImpossible{"the table has no key any more by which its rows are found"};
  if (record_.columns == nullptr || has_other_columns(*record_.columns, columns)) {
    throw PartOutdated{"the table's columns were altered"};
  }
  bool is_truncated = false;
  for_each_since(changes_, output_key(record_.id), from, [&](const Operation& operation, const auto& /*of*/) {
    const auto* batch = std::get_if<RowBatch>(&operation);
    if (batch == nullptr) {
      is_truncated = true;
      return;
    }
    if (has_other_columns(columns, *batch->schema)) throw PartOutdated{"the table's columns were altered"};
    for (std::uint32_t row = 0; row < batch->rows(); ++row) changed_.insert(key_bytes({batch, row}));
    if (changed_.size() > most_changed_keys) {
      throw PartOutdated{fmt::format("more than {} of its rows changed meanwhile", most_changed_keys)};
    }
  });
  return !is_truncated;
}

void PartApply::write_part(Spool& rows, Lsn from) {
  rows.for_each(output_key(record_.id), [&](std::string_view bytes) {
    const auto part = read_part(bytes);
    for (const auto& operation : part.operations) {
      const auto& batch = std::get<RowBatch>(operation);
      for (std::uint32_t row = 0; row < batch.rows() && !changed_.empty(); ++row) {
        auto key = key_bytes({&batch, row});
        if (changed_.contains(key)) inside_.insert(std::move(key));
      }
      auto operations = row_operations(Disposition::merge, {&batch});
      operations.copied_at = from;
      operations.load_id = load_id_;
      if (!operations.empty()) destination::apply(load_, record_, operations);
    }
  });
}

void PartApply::apply_changes(Lsn from) {
  for_each_since(changes_, output_key(record_.id), from,
                 [&](const Operation& operation, const std::vector<Transaction>& transactions) {
                   const auto& batch = std::get<RowBatch>(operation);
                   follow_moves(batch);
                   auto operations = row_operations(Disposition::merge, {&batch});
                   keep_inside(operations);
                   operations.transactions = &transactions;
                   operations.load_id = load_id_;
                   if (!operations.empty()) destination::apply(load_, record_, operations);
                 });
}

void PartApply::follow_moves(const RowBatch& batch) {
  for (std::uint32_t row = 0; row + 1 < batch.rows(); ++row) {
    if (batch.ops[row] == Op::before && is_inside({&batch, row})) inside_.insert(key_bytes({&batch, row + 1}));
  }
}

bool PartApply::is_inside(const RowRef& row) const {
  return inside_.contains(key_bytes(row));
}

// The merge leaves a key alone that begins with an insert, since the target cannot have it; here the target does, from
// the stream. So every key that is written is removed first.
void PartApply::keep_inside(RowOperations& operations) const {
  const auto is_outside = [this](const RowRef& row) { return !is_inside(row); };
  std::erase_if(operations.append, is_outside);
  std::erase_if(operations.remove, [&](const Removal& removal) { return is_outside(removal.row); });
  std::erase_if(operations.complete, [&](const Patch& patch) { return is_outside(patch.row); });
  if (std::ranges::any_of(operations.complete, is_outside, &Patch::origin)) {
    throw PartOutdated{"a row was moved into it by a change of its key, and a large value of that row was not sent"};
  }
  operations.inserts_only = false;
  Keys removed;
  for (const auto& removal : operations.remove) removed.insert(key_bytes(removal.row));
  const auto remove = [&](const RowRef& row) {
    if (removed.insert(key_bytes(row)).second) operations.remove.push_back({row, 1});
  };
  for (const auto& row : operations.append) remove(row);
  for (const auto& patch : operations.complete) remove(patch.row);
}

}  // namespace walbrook::replication
