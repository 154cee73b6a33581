#include "destination/duckdb/chunk_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/enum_columns.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {
namespace {

// The appender keeps rows outside DuckDB's accounting until they are flushed; by itself it flushes every 204,800 rows,
// however wide they are.
constexpr std::size_t flush_bytes = std::size_t{16} << 20U;

Feed::Kind metadata_feed(MetadataColumn column) {
  switch (column) {
    case MetadataColumn::lsn:
      return Feed::Kind::lsn;
    case MetadataColumn::commit_time:
      return Feed::Kind::commit_time;
    case MetadataColumn::load_id:
      return Feed::Kind::load_id;
    case MetadataColumn::operation:
      return Feed::Kind::operation;
    case MetadataColumn::sequence:
      return Feed::Kind::sequence;
    case MetadataColumn::unchanged:
      return Feed::Kind::unchanged_names;
    case MetadataColumn::none:
    case MetadataColumn::deletion:
      break;
  }
  return Feed::Kind::null;
}

}  // namespace

std::vector<std::string> column_names(Connection& connection, const std::string& schema, const std::string& table) {
  Owned<duckdb_table_description, duckdb_table_description_destroy> description;
  if (duckdb_table_description_create_ext(connection.raw(), connection.database().catalog().c_str(), schema.c_str(),
                                          table.c_str(), description.out()) == DuckDBError) {
    const std::string message = duckdb_table_description_error(description.get());
    connection.database().fail(DUCKDB_ERROR_CATALOG, message, "looking up table " + schema + "." + table);
  }
  std::vector<std::string> names;
  // After the last column there is no name.
  for (idx_t i = 0;; ++i) {
    char* name = duckdb_table_description_get_column_name(description.get(), i);
    if (name == nullptr) break;
    names.emplace_back(name);
    duckdb_free(name);
  }
  return names;
}

std::vector<Feed> feeds_for(const std::vector<std::string>& names, const Target& target, const TableSchema& schema) {
  std::vector<Feed> feeds(names.size());
  const auto place = [&](const TargetColumn* column, Feed feed) {
    if (column == nullptr || feed.kind == Feed::Kind::null) return false;
    const auto found = std::ranges::find(names, column->name);
    if (found == names.end()) return false;
    feeds[static_cast<std::size_t>(found - names.begin())] = feed;
    return true;
  };
  for (std::uint32_t i = 0; i < schema.columns.size(); ++i) {
    const auto& source = schema.columns[i].name;
    if (!place(target.column_of(source), {.kind = Feed::Kind::value, .column = i})) {
      throw TargetRefused(fmt::format("column \"{}\" of {} is missing in the destination's {}.{}", source,
                                      schema.full_name(), target.schema, target.table),
                          "It was altered there.");
    }
    const auto* overflow = target.overflow_of(source);
    if (overflow != nullptr && !place(overflow, {.kind = Feed::Kind::overflow, .column = i})) {
      throw TargetRefused(fmt::format("overflow column \"{}\" is missing in the destination's {}.{}", overflow->name,
                                      target.schema, target.table),
                          "It was altered there.");
    }
  }
  for (const auto& column : target.columns) place(&column, {.kind = metadata_feed(column.metadata)});
  return feeds;
}

Appender::Appender(Connection& connection, const std::string& schema, const std::string& table, std::string doing)
    : connection_(connection), doing_(std::move(doing)) {
  check(duckdb_appender_create_ext(connection.raw(), connection.database().catalog().c_str(), schema.c_str(),
                                   table.c_str(), &appender_));
}

Appender::~Appender() {
  if (appender_ != nullptr) duckdb_appender_destroy(&appender_);
}

void Appender::check(duckdb_state state) {
  if (state == DuckDBSuccess) return;
  const Owned<duckdb_error_data, duckdb_destroy_error_data> error(duckdb_appender_error_data(appender_));
  const std::string message = duckdb_error_data_message(error.get());
  const auto type = duckdb_error_data_error_type(error.get());
  duckdb_appender_destroy(&appender_);
  connection_.database().fail(type, message, doing_);
}

std::vector<LogicalType> Appender::types() const {
  std::vector<LogicalType> types;
  const auto count = duckdb_appender_column_count(appender_);
  for (idx_t i = 0; i < count; ++i) types.emplace_back(duckdb_appender_column_type(appender_, i));
  return types;
}

void Appender::append(duckdb_data_chunk chunk) {
  check(duckdb_append_data_chunk(appender_, chunk));
}

void Appender::flush() {
  check(duckdb_appender_flush(appender_));
}

void Appender::close() {
  check(duckdb_appender_close(appender_));
}

DataChunk make_chunk(const std::vector<LogicalType>& types) {
  std::vector<duckdb_logical_type> raw;
  for (const auto& type : types) raw.push_back(type.get());
  return DataChunk(duckdb_create_data_chunk(raw.data(), raw.size()));
}

ChunkWriter::ChunkWriter(Connection& connection, const Target& target, const TableSchemaRef& schema,
                         const Provenance& provenance)
    : connection_(connection),
      appender_(connection, target.schema, target.table, "writing rows of " + schema->full_name()),
      filler_(feeds_for(column_names(connection, target.schema, target.table), target, *schema), schema,
              schema->full_name(), provenance) {
  const auto types = appender_.types();
  connection.database().make_room_for_table(target.schema + '.' + target.table, types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto& feed = filler_.feeds().at(i);
    if (feed.kind != Feed::Kind::value) continue;
    const auto& column = schema->columns[feed.column];
    if (matches(types[i].get(), column.type)) {
      if (!column.type.native.empty()) filler_.set_labels(feed.column, enum_labels(types[i].get()));
      continue;
    }
    throw TargetRefused(fmt::format("column \"{}\" of {} is not {} in the destination", column.name, filler_.label(),
                                    sql_type(column.type)),
                        "It was altered there.");
  }
  chunk_ = make_chunk(types);
}

void ChunkWriter::write(const SelectedRows& rows) {
  for (std::size_t at = 0; at < rows.rows.size(); at += chunk_rows) {
    duckdb_data_chunk_reset(chunk_.get());
    send(filler_.fill(chunk_.get(), rows, at));
  }
}

void ChunkWriter::write(const RowBatch& batch) {
  for (std::size_t at = 0; at < batch.rows(); at += chunk_rows) {
    duckdb_data_chunk_reset(chunk_.get());
    send(filler_.fill(chunk_.get(), batch, at));
  }
}

void ChunkWriter::send(std::uint32_t rows) {
  connection_.database().make_room_for_value(filler_.largest_text());
  appender_.append(chunk_.get());
  unflushed_rows_ += rows;
  const auto fixed_bytes = unflushed_rows_ * filler_.feeds().size() * sizeof(std::int64_t);
  if (fixed_bytes + filler_.bytes() - flushed_bytes_ < flush_bytes) return;
  appender_.flush();
  unflushed_rows_ = 0;
  flushed_bytes_ = filler_.bytes();
}

}  // namespace walbrook::destination::duckdb
