// A table of files: its columns, and how a value of each is written to a file and read back.
//
// Every file has the change columns first (change_columns in destination/target_shape.h), then the target's columns in
// the order in which they were added. A file that was written earlier therefore has a prefix of the columns.
//
// A format that cannot hold a type natively holds its text, as DuckDB casts it in both directions without a loss:
// Parquet has no interval of microseconds, no time with its offset and no bit string; JSON has no decimal; CSV has
// texts alone, and nested values as JSON documents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/filesystem/location.h"
#include "destination/state.h"
#include "destination/target.h"
#include "destination/target_shape.h"
#include "model/table_schema.h"

namespace walbrook::destination::filesystem {

struct FileColumn {
  std::string name;
  std::string source{};  // the source's column; "" for a metadata column and for the only column of an empty table
  bool is_overflow = false;
  MetadataColumn metadata = MetadataColumn::none;
  PhysicalType type{};   // of a source's column
  bool in_key = false;   // part of the key by which rows are found
  bool is_gone = false;  // the source's table no longer has it: it is NULL in newer rows

  [[nodiscard]] bool is_value() const { return !is_overflow && !source.empty(); }
  friend bool operator==(const FileColumn&, const FileColumn&) = default;
};

struct FileTable {
  std::string schema;
  std::string table;
  std::vector<FileColumn> columns;       // the change columns are the first ones
  bool keyed = false;                    // rows are found by key; false: by their whole content
  std::vector<std::string> unchanged{};  // source columns with cells that were not sent, in any row

  [[nodiscard]] const FileColumn* column_of(std::string_view source) const;
  [[nodiscard]] const FileColumn* overflow_of(std::string_view source) const;
  // Returns the column that describes the change itself.
  [[nodiscard]] const FileColumn& change_column(MetadataColumn column) const;
  // Adds the columns that the table lacks. Returns whether there were any.
  bool add_columns(const std::vector<ColumnSchema>& added, Naming naming);
  bool add_overflow(const std::string& source);  // the same for an overflow column
  // Whether rows of the source's table are found in another way.
  [[nodiscard]] bool has_other_key(const TableSchema& source_table) const;
  // Takes over the key of the source's table, and which columns it no longer has. Returns whether that differs.
  bool follow(const TableSchema& source_table);
  // Notes that cells of the column were not sent. Returns whether that is new.
  bool note_unchanged(const std::string& source);
  friend bool operator==(const FileTable&, const FileTable&) = default;
};

// Returns the table of a new target. Throws Error(data) if a column has the name of a metadata column.
[[nodiscard]] FileTable make_table(const TargetName& name, const TableSchema& schema, const TargetStyle& style);

// Returns the table's columns as those of a target in a database, without their types.
[[nodiscard]] std::vector<TargetColumn> target_columns(const FileTable& table);
// Returns DuckDB's type of the column, as readers see it.
[[nodiscard]] std::string reader_type(const FileColumn& column);
// Returns DuckDB's type of the column in files of that format.
[[nodiscard]] std::string file_type(Format format, const FileColumn& column);
// Returns the expression for the column in a file, made of the column that readers see, and the other way around.
[[nodiscard]] std::string written_expression(Format format, const FileColumn& column);
[[nodiscard]] std::string read_expression(Format format, const FileColumn& column);

}  // namespace walbrook::destination::filesystem
