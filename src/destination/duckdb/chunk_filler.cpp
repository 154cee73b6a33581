#include "destination/duckdb/chunk_filler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arrow/change_rows.h"
#include "base/error.h"
#include "base/utf8.h"
#include "destination/target_shape.h"

namespace walbrook::destination::duckdb {

ChunkFiller::ChunkFiller(std::vector<Feed> feeds, TableSchemaRef schema, std::string label,
                         const Provenance& provenance)
    : feeds_(std::move(feeds)),
      schema_(std::move(schema)),
      label_(std::move(label)),
      provenance_(provenance),
      load_id_(std::to_string(provenance.load_id)),
      values_(*schema_, label_) {
  if (duckdb_vector_size() < chunk_rows) throw Error(ErrorKind::internal, "DuckDB was built with small vectors");
}

void ChunkFiller::find_ranges(std::span<const RowRef> rows, std::vector<RowRange>& ranges) {
  ranges.clear();
  for (std::uint32_t at = 0; at < rows.size(); ++at) {
    const RowRef& row = rows[at];
    if (!ranges.empty() && ranges.back().batch == row.batch && ranges.back().first + ranges.back().count == row.row) {
      ++ranges.back().count;
    } else {
      ranges.push_back({row.batch, row.row, 1, at});
    }
  }
}

std::uint32_t ChunkFiller::fill(duckdb_data_chunk chunk, const SelectedRows& all, std::size_t first) {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(chunk_rows, all.rows.size() - first));
  find_ranges(all.rows.subspan(first, size), ranges_);
  if (!all.origins.empty()) find_ranges(all.origins.subspan(first, size), origin_ranges_);
  const auto counts = all.counts.empty() ? all.counts : all.counts.subspan(first, size);
  for (idx_t i = 0; i < feeds_.size(); ++i) {
    fill_column(feeds_[i], feeds_[i].of_origin ? origin_ranges_ : ranges_, counts, first, size,
                duckdb_data_chunk_get_vector(chunk, i));
  }
  duckdb_data_chunk_set_size(chunk, size);
  return size;
}

std::uint32_t ChunkFiller::fill(duckdb_data_chunk chunk, const RowBatch& batch, std::size_t first) {
  const RowRange range{.batch = &batch,
                       .first = static_cast<std::uint32_t>(first),
                       .count = static_cast<std::uint32_t>(std::min<std::size_t>(chunk_rows, batch.rows() - first)),
                       .at = 0};
  for (idx_t i = 0; i < feeds_.size(); ++i) {
    fill_column(feeds_[i], {&range, 1}, {}, first, range.count, duckdb_data_chunk_get_vector(chunk, i));
  }
  duckdb_data_chunk_set_size(chunk, range.count);
  return range.count;
}

void ChunkFiller::fill_column(const Feed& feed, std::span<const RowRange> ranges, std::span<const std::uint32_t> counts,
                              std::size_t first, std::uint32_t size, duckdb_vector vector) {
  void* data = duckdb_vector_get_data(vector);
  switch (feed.kind) {
    case Feed::Kind::value:
      values_.fill(feed.column, ranges, vector);
      return;
    case Feed::Kind::overflow:
      fill_overflow(feed.column, ranges, size, vector);
      return;
    case Feed::Kind::unchanged:
      for (const auto& range : ranges) {
        for (std::uint32_t i = 0; i < range.count; ++i) {
          static_cast<bool*>(data)[range.at + i] = range.batch->unchanged(range.first + i, feed.column);
        }
      }
      return;
    case Feed::Kind::count:
      for (std::size_t i = 0; i < counts.size(); ++i) static_cast<std::int64_t*>(data)[i] = counts[i];
      return;
    case Feed::Kind::ordinal:
      for (std::size_t i = 0; i < size; ++i) static_cast<std::int64_t*>(data)[i] = static_cast<std::int64_t>(first + i);
      return;
    case Feed::Kind::lsn:
      return fill_lsns(ranges, size, vector);
    case Feed::Kind::commit_time:
      return fill_commit_times(ranges, size, vector);
    case Feed::Kind::load_id:
      std::fill_n(static_cast<duckdb_string_t*>(data), size, string_cell(load_id_));
      return;
    case Feed::Kind::operation:
      return fill_operations(ranges, size, vector);
    case Feed::Kind::sequence:
      return fill_sequences(ranges, size, vector);
    case Feed::Kind::unchanged_names:
      return fill_unchanged_names(ranges, size, vector);
    case Feed::Kind::null:
      set_all_null(vector, size);
      return;
  }
}

void ChunkFiller::fill_operations(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const {
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  if (provenance_.transactions == nullptr) {
    std::fill_n(cells, size, string_cell(copied_operation));
    return;
  }
  for (const auto& range : ranges) {
    for (std::uint32_t i = 0; i < range.count; ++i) {
      cells[range.at + i] = string_cell(operation_of(*range.batch, range.first + i));
    }
  }
}

void ChunkFiller::fill_sequences(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const {
  if (provenance_.transactions == nullptr) return set_all_null(vector, size);
  auto* cells = static_cast<std::uint32_t*>(duckdb_vector_get_data(vector));
  for (const auto& range : ranges) {
    std::copy_n(range.batch->sequence.begin() + range.first, range.count, cells + range.at);
  }
}

void ChunkFiller::fill_unchanged_names(std::span<const RowRange> ranges, std::uint32_t size,
                                       duckdb_vector vector) const {
  set_all_null(vector, size);
  std::vector<std::string_view> names;
  auto* entries = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector));
  auto* validity = duckdb_vector_get_validity(vector);
  for (const auto& range : ranges) {
    if (!range.batch->has_unchanged()) continue;
    for (std::uint32_t i = 0; i < range.count; ++i) {
      const auto first = names.size();
      for (std::size_t c = 0; c < provenance_.names.size(); ++c) {
        if (range.batch->unchanged(range.first + i, c)) names.push_back(provenance_.names[c]);
      }
      if (names.size() == first) continue;
      entries[range.at + i] = {.offset = first, .length = names.size() - first};
      duckdb_validity_set_row_valid(validity, range.at + i);
    }
  }
  duckdb_list_vector_reserve(vector, names.size());
  duckdb_list_vector_set_size(vector, names.size());
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(duckdb_list_vector_get_child(vector)));
  std::ranges::transform(names, cells, string_cell);
}

void ChunkFiller::fill_lsns(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const {
  auto* cells = static_cast<std::uint64_t*>(duckdb_vector_get_data(vector));
  if (provenance_.transactions == nullptr) {
    std::fill_n(cells, size, provenance_.copied_at.value);
    return;
  }
  for (const auto& range : ranges) {
    for (std::uint32_t i = 0; i < range.count; ++i) {
      cells[range.at + i] = provenance_.transactions->at(range.batch->transaction[range.first + i]).commit_lsn.value;
    }
  }
}

void ChunkFiller::fill_commit_times(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const {
  if (provenance_.transactions == nullptr) return set_all_null(vector, size);
  auto* cells = static_cast<std::int64_t*>(duckdb_vector_get_data(vector));
  for (const auto& range : ranges) {
    for (std::uint32_t i = 0; i < range.count; ++i) {
      cells[range.at + i] = provenance_.transactions->at(range.batch->transaction[range.first + i]).commit_time;
    }
  }
}

void ChunkFiller::fill_overflow(std::uint32_t column, std::span<const RowRange> ranges, std::uint32_t size,
                                duckdb_vector vector) {
  set_all_null(vector, size);
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  auto* validity = duckdb_vector_get_validity(vector);
  for (const auto& range : ranges) {
    const auto& overflow = range.batch->columns[column].overflow();
    auto found = std::ranges::lower_bound(overflow, range.first, {}, &OverflowValue::row);
    for (; found != overflow.end() && found->row < range.first + range.count; ++found) {
      if (!is_utf8(found->text)) values_.not_utf8(column);
      const auto at = range.at + (found->row - range.first);
      cells[at] = string_cell(found->text);
      duckdb_validity_set_row_valid(validity, at);
      overflow_bytes_ += found->text.size();
      ++overflow_values_;
    }
  }
}

}  // namespace walbrook::destination::duckdb
