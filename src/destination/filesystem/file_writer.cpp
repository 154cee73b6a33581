#include "destination/filesystem/file_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "destination/filesystem/file_names.h"

namespace walbrook::destination::filesystem {
namespace {

using duckdb::identifier;
using duckdb::literal;

// Gathered rows are written out when they are this large, so that memory is bounded and files are neither small nor
// slow to read in part.
constexpr std::size_t flush_bytes = std::size_t{64} << 20U;

std::string stage_name() {
  static std::atomic<std::uint64_t> count = 0;
  return fmt::format("rows_{}", ++count);
}

bool has_floats(const PhysicalType& type) {
  return type.layout == Layout::float32 || type.layout == Layout::float64 ||
         std::ranges::any_of(type.children, has_floats);
}

// Whether a value is -0.0, at any depth.
bool has_negative_zero(duckdb::Connection& connection, const FileTable& table, const std::string& from) {
  std::string condition;
  for (const auto& column : table.columns) {
    if (!column.is_value() || !has_floats(column.type)) continue;
    condition += condition.empty() ? "" : " OR ";
    condition += fmt::format(
        fmt::runtime(is_nested(column.type.layout) ? "contains({0}::VARCHAR, '-0.0')" : "(signbit({0}) AND {0} = 0)"),
        identifier(column.name));
  }
  if (condition.empty()) return false;
  return connection.rows(fmt::format("SELECT (count(*) > 0)::VARCHAR FROM {} WHERE {}", from, condition)).at(0).at(0) ==
         "true";
}

std::string_view copy_options(Format format) {
  switch (format) {
    case Format::csv:
      return "FORMAT csv, HEADER true, FORCE_QUOTE *";
    case Format::jsonl:
      return "FORMAT json, ARRAY false";
    case Format::parquet:
      break;
  }
  return "FORMAT parquet, COMPRESSION zstd";
}

}  // namespace

DataFile write_rows(const WriteContext& context, duckdb::Connection& connection, const FileTable& table,
                    const std::string& from, const FilePart& part) {
  const auto name = data_file(table_folder(table.schema, table.table), part.date, part.stem, part.part, context.format);
  std::string columns;
  for (const auto& column : table.columns) {
    columns += fmt::format("{}{} AS {}", columns.empty() ? "" : ", ", written_expression(context.format, column),
                           identifier(column.name));
  }
  const auto rows = run_over_files(context, [&] {
    // In a dictionary of DuckDB (1.5.5), -0.0 and 0.0 are one value.
    const bool is_plain = context.format == Format::parquet && has_negative_zero(connection, table, from);
    return connection.execute(fmt::format("COPY (SELECT {} FROM {}) TO {} ({}{}, USE_TMP_FILE false)", columns, from,
                                          literal(context.storage->begin_file(name)), copy_options(context.format),
                                          is_plain ? ", DICTIONARY_SIZE_LIMIT 0" : ""),
                              "writing " + name);
  });
  const auto bytes = context.storage->finish_file(name);
  return {.name = name, .rows = rows, .bytes = bytes, .columns = table.columns.size()};
}

FileWriter::FileWriter(WriteContext context, FileTable table, std::string stem)
    : context_(std::move(context)), table_(std::move(table)), stem_(std::move(stem)), connection_(context_.database) {
  create_stage();
}

FileWriter::~FileWriter() {
  drop_stage();
  for (const auto& file : files_) context_.storage->remove(file.name);
}

void FileWriter::create_stage() {
  stage_ = {.schema = "main", .table = stage_name(), .columns = target_columns(table_)};
  std::string columns;
  for (const auto& column : table_.columns) {
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", identifier(column.name), reader_type(column));
  }
  connection_.execute(fmt::format("CREATE TABLE {} ({})", gathered(), columns), "gathering rows of " + table_.table);
  rows_ = 0;
  bytes_ = 0;
}

void FileWriter::drop_stage() noexcept {
  try {
    connection_.execute(fmt::format("DROP TABLE IF EXISTS {}", gathered()));
  } catch (const Error&) {  // it goes with the database
  }
}

template <class Rows>
std::uint64_t FileWriter::gather(const TableSchemaRef& schema, Provenance provenance, const Rows& rows) {
  for (const auto& column : schema->columns) {
    const auto* place = table_.column_of(column.name);
    provenance.names.push_back(place == nullptr ? column.name : place->name);
  }
  duckdb::ChunkWriter writer(connection_, stage_, schema, provenance);
  writer.write(rows);
  writer.close();
  bytes_ += writer.bytes();
  if constexpr (requires { rows.rows.size(); }) {
    rows_ += rows.rows.size();
    bytes_ += rows.rows.size() * table_.columns.size() * sizeof(std::int64_t);
  } else {
    rows_ += rows.rows();
    bytes_ += rows.rows() * table_.columns.size() * sizeof(std::int64_t);
  }
  return writer.overflow_values();
}

std::uint64_t FileWriter::write(const TableSchemaRef& schema, const Provenance& provenance, const SelectedRows& rows) {
  return gather(schema, provenance, rows);
}

std::uint64_t FileWriter::write(const TableSchemaRef& schema, const Provenance& provenance, const RowBatch& rows) {
  return gather(schema, provenance, rows);
}

void FileWriter::flush() {
  if (rows_ == 0) return;
  if (context_.layout == FolderLayout::flat) {
    write_file("", "");
  } else {
    const auto time = identifier(table_.change_column(MetadataColumn::commit_time).name);
    const auto date = fmt::format("coalesce(({}::DATE)::VARCHAR, '__HIVE_DEFAULT_PARTITION__')", time);
    for (const auto& row : connection_.rows(fmt::format("SELECT DISTINCT {} FROM {} ORDER BY 1", date, gathered()))) {
      write_file(*row.at(0), fmt::format(" WHERE {} = {}", date, literal(*row.at(0))));
    }
  }
  drop_stage();
  create_stage();
}

void FileWriter::flush_if_large() {
  if (bytes_ >= flush_bytes) flush();
}

void FileWriter::write_file(const std::string& date, const std::string& condition) {
  const auto from = condition.empty() ? gathered() : fmt::format("(SELECT * FROM {}{})", gathered(), condition);
  files_.push_back(write_rows(context_, connection_, table_, from, {.date = date, .stem = stem_, .part = ++parts_}));
}

void FileWriter::change_table(FileTable table) {
  flush();
  drop_stage();
  table_ = std::move(table);
  create_stage();
}

std::vector<DataFile> FileWriter::take() {
  flush();
  return std::exchange(files_, {});
}

}  // namespace walbrook::destination::filesystem
