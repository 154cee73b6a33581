#include "arrow/change_rows.h"

#include <algorithm>

namespace walbrook {
namespace {

constexpr std::string_view overflow_suffix = "__v_text";

PhysicalType plain(Layout layout) {
  return {.layout = layout, .children = {}, .names = {}};
}

PhysicalType list_of_names() {
  return {.layout = Layout::list, .children = {plain(Layout::utf8)}, .names = {}};
}

std::shared_ptr<const RowBatch> all_null(const TableSchemaRef& schema) {
  auto batch = std::make_shared<RowBatch>(schema);
  for (auto& column : batch->columns) column.append_null();
  batch->finish_row(Op::remove, 0);
  return batch;
}

}  // namespace

std::string_view operation_of(const RowBatch& batch, std::size_t row) {
  switch (batch.ops[row]) {
    case Op::insert:
      return "insert";
    case Op::before:
    case Op::remove:
      return "delete";
    case Op::update:
      break;
  }
  return row > 0 && batch.ops[row - 1] == Op::before ? "insert" : "update";
}

ChangeRows::ChangeRows(std::shared_ptr<const RowBatch> batch, std::size_t begin, std::size_t end,
                       const std::vector<Transaction>& transactions)
    : batch_(std::move(batch)),
      begin_(begin),
      rows_(end - begin),
      operation_(plain(Layout::utf8)),
      lsn_(plain(Layout::uint64)),
      commit_time_(plain(Layout::timestamp_tz)),
      unchanged_(list_of_names()) {
  for (auto row = begin; row < end; ++row) {
    append_metadata(operation_of(*batch_, row), transactions[batch_->transaction[row]]);
    say_unchanged(row);
  }
  name_columns();
}

ChangeRows::ChangeRows(const TableSchemaRef& truncated, const Transaction& transaction)
    : batch_(all_null(truncated)),
      begin_(0),
      rows_(1),
      operation_(plain(Layout::utf8)),
      lsn_(plain(Layout::uint64)),
      commit_time_(plain(Layout::timestamp_tz)),
      unchanged_(list_of_names()) {
  append_metadata("truncate", transaction);
  unchanged_.append_null();
  name_columns();
}

void ChangeRows::append_metadata(std::string_view operation, const Transaction& transaction) {
  operation_.append_bytes(operation);
  lsn_.append(transaction.commit_lsn.value);
  commit_time_.append(transaction.commit_time);
}

void ChangeRows::say_unchanged(std::size_t row) {
  if (!batch_->has_unchanged(row)) return unchanged_.append_null();
  const auto& columns = batch_->schema->columns;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (batch_->unchanged(row, c)) unchanged_.children().front().append_bytes(columns[c].shown_name());
  }
  unchanged_.close_list();
}

void ChangeRows::name_columns() {
  const auto& columns = batch_->schema->columns;
  const auto free_name = [&columns](std::string name) {
    while (std::ranges::find(columns, name, &ColumnSchema::shown_name) != columns.end()) name += '_';
    return name;
  };
  fields_ = {{free_name(std::string(operation_column)), operation_.type(), false},
             {free_name(std::string(lsn_column)), lsn_.type(), false},
             {free_name(std::string(commit_time_column)), commit_time_.type(), false},
             {free_name(std::string(unchanged_column)), unchanged_.type(), true}};
  for (const auto& column : columns) fields_.push_back({column.shown_name(), column.type, true});
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto& all = batch_->columns[c].overflow();
    const auto first = std::ranges::lower_bound(all, begin_, {}, &OverflowValue::row);
    if (first == all.end() || first->row >= begin_ + rows_) continue;
    auto& texts = overflow_columns_.emplace_back(plain(Layout::utf8));
    for (auto row = begin_; row < begin_ + rows_; ++row) {
      const auto* text = batch_->columns[c].overflow_at(row);
      text == nullptr ? texts.append_null() : texts.append_bytes(*text);
    }
    fields_.push_back({free_name(columns[c].shown_name() + std::string(overflow_suffix)), texts.type(), true});
  }
}

ArrowOwned<ArrowArray> ChangeRows::array() const {
  std::vector<ColumnSlice> slices = {{&operation_, 0}, {&lsn_, 0}, {&commit_time_, 0}, {&unchanged_, 0}};
  for (const auto& column : batch_->columns) slices.push_back({&column, begin_});
  for (const auto& column : overflow_columns_) slices.push_back({&column, 0});
  return export_rows(slices, rows_);
}

std::size_t end_of_rows(const RowBatch& batch, std::size_t begin, std::size_t most) {
  const auto end = std::min(batch.rows(), begin + most);
  const bool splits_a_pair = end < batch.rows() && batch.ops[end - 1] == Op::before;
  return splits_a_pair && end - begin > 1 ? end - 1 : end;
}

}  // namespace walbrook
