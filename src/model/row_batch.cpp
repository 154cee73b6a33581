#include "model/row_batch.h"

#include <algorithm>
#include <utility>

namespace walbrook {

RowBatch::RowBatch(TableSchemaRef of) : schema(std::move(of)) {
  columns.reserve(schema->columns.size());
  for (const auto& column : schema->columns) columns.emplace_back(column.type);
}

bool RowBatch::is_whole() const {
  return transaction.size() == rows() && sequence.size() == rows() &&
         std::ranges::all_of(columns, [this](const Column& column) { return column.size() == rows(); });
}

std::size_t RowBatch::bytes() const {
  std::size_t total = ops.size() * (sizeof(Op) + 2 * sizeof(std::uint32_t)) + unchanged_.size() * sizeof(unchanged_[0]);
  for (const auto& column : columns) total += column.bytes();
  return total;
}

bool RowBatch::has_unchanged(std::size_t row) const {
  if (!has_unchanged_) return false;
  const auto words = words_per_row();
  return std::any_of(unchanged_.begin() + static_cast<std::ptrdiff_t>(row * words),
                     unchanged_.begin() + static_cast<std::ptrdiff_t>((row + 1) * words),
                     [](std::uint64_t word) { return word != 0; });
}

void RowBatch::mark_unchanged(std::size_t row, std::size_t column) {
  const auto words = words_per_row();
  has_unchanged_ = true;
  if (unchanged_.size() < (row + 1) * words) unchanged_.resize((row + 1) * words, 0);
  unchanged_[row * words + column / 64] |= std::uint64_t{1} << (column % 64);
}

void RowBatch::finish_row(Op op, std::uint32_t transaction_index, std::uint32_t change) {
  ops.push_back(op);
  transaction.push_back(transaction_index);
  sequence.push_back(change);
  only_inserts_ = only_inserts_ && op == Op::insert;
  if (has_unchanged_) unchanged_.resize(ops.size() * words_per_row(), 0);
}

void RowBatch::drop_open_row() {
  for (auto& column : columns) column.truncate(rows());
  if (has_unchanged_) unchanged_.resize(rows() * words_per_row());
}

RowBatch RowBatch::split(std::size_t row) {
  RowBatch tail(schema);
  for (std::size_t i = row; i < rows(); ++i) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      tail.columns[c].append_from(columns[c], i);
      if (unchanged(i, c)) tail.mark_unchanged(i - row, c);
    }
    tail.finish_row(ops[i], transaction[i], sequence[i]);
  }
  for (auto& column : columns) column.truncate(row);
  ops.resize(row);
  transaction.resize(row);
  sequence.resize(row);
  if (has_unchanged_) unchanged_.resize(row * words_per_row());
  only_inserts_ = std::ranges::all_of(ops, [](Op op) { return op == Op::insert; });
  return tail;
}

}  // namespace walbrook
