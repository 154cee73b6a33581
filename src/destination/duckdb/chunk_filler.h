// Fills DuckDB's vectors from rows of row batches: the hot path of every load. A range of consecutive rows of a batch
// is one memcpy per column. Texts are not copied here at all: the strings of a chunk point into the batch, and the
// appender or statement that takes the chunk makes the one copy.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destination/duckdb/value_vectors.h"
#include "destination/provenance.h"
#include "destination/selected_rows.h"
#include "model/row_batch.h"
#include "output/row_operations.h"

namespace walbrook::destination::duckdb {

// DuckDB's fixed vector size.
inline constexpr std::uint32_t chunk_rows = 2048;

// The source of one column of a chunk.
struct Feed {
  enum class Kind : std::uint8_t {
    value,            // column `column` of the row
    overflow,         // the value's overflow text; NULL if it has none
    unchanged,        // whether the cell was not sent
    count,            // the row's number in `counts`
    ordinal,          // 0, 1, 2, … over all rows
    lsn,              // this and the next two are of the change that wrote the row (Provenance)
    commit_time,      //
    load_id,          //
    operation,        // this and the next two describe the change itself (destination/target_shape.h)
    sequence,         //
    unchanged_names,  //
    null,
  } kind = Kind::null;
  std::uint32_t column = 0;
  bool of_origin = false;  // take the row from `origins`, not from `rows`
};

class ChunkFiller {
 public:
  // `schema` describes the batches; `label` names the table in messages.
  ChunkFiller(std::vector<Feed> feeds, TableSchemaRef schema, std::string label, const Provenance& provenance);

  // Fills `chunk` with the rows from `first` on. Returns how many it took; 0: there are no more. The chunk's strings
  // point into the batches. Throws Error(data) for text that is not UTF-8. REQUIRES: `chunk` is new or was just reset.
  std::uint32_t fill(duckdb_data_chunk chunk, const SelectedRows& rows, std::size_t first);
  std::uint32_t fill(duckdb_data_chunk chunk, const RowBatch& batch, std::size_t first);

  // The column's vectors are of an ENUM with these labels. REQUIRES: it has every label of the values.
  void set_labels(std::uint32_t column, const std::vector<std::string>& labels) { values_.set_labels(column, labels); }
  [[nodiscard]] const std::vector<Feed>& feeds() const { return feeds_; }
  [[nodiscard]] const TableSchema& schema() const { return *schema_; }
  [[nodiscard]] const std::string& label() const { return label_; }
  // Returns the bytes of all texts and list elements so far.
  [[nodiscard]] std::size_t bytes() const { return values_.bytes() + overflow_bytes_; }
  [[nodiscard]] std::size_t largest_text() const { return values_.largest(); }  // so far, in bytes
  [[nodiscard]] std::uint64_t overflow_values() const {
    return overflow_values_;
  }  // values that went to an overflow column

 private:
  static void find_ranges(std::span<const RowRef> rows, std::vector<RowRange>& ranges);
  void fill_column(const Feed& feed, std::span<const RowRange> ranges, std::span<const std::uint32_t> counts,
                   std::size_t first, std::uint32_t size, duckdb_vector vector);
  void fill_lsns(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const;
  void fill_commit_times(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const;
  void fill_operations(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const;
  void fill_sequences(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const;
  void fill_unchanged_names(std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector) const;
  void fill_overflow(std::uint32_t column, std::span<const RowRange> ranges, std::uint32_t size, duckdb_vector vector);

  std::vector<Feed> feeds_;
  TableSchemaRef schema_;
  std::string label_;
  Provenance provenance_;
  std::string load_id_;
  ValueVectors values_;
  std::vector<RowRange> ranges_;
  std::vector<RowRange> origin_ranges_;
  std::size_t overflow_bytes_ = 0;
  std::uint64_t overflow_values_ = 0;
};

}  // namespace walbrook::destination::duckdb
