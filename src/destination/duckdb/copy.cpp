#include "destination/duckdb/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/retried_transaction.h"
#include "destination/duckdb/target_sql.h"

namespace walbrook::destination::duckdb {
namespace {

// A transaction's rows go to the file row group by row group (122,880 rows) while it runs; the rows after the last
// whole group wait in memory and in the log. The limits are small enough for both, and large enough that a commit's
// fsync costs nothing in comparison.
constexpr std::size_t commit_bytes = std::size_t{128} << 20U;
constexpr std::size_t commit_rows_limit = 1'000'000;

// Returns false if there is one already.
bool add_overflow(Connection& connection, Target& target, const std::string& source) {
  const auto name = target.add_overflow(capabilities().names, source);
  if (!name) return false;
  connection.execute(fmt::format("ALTER TABLE {} ADD COLUMN {} VARCHAR",
                                 connection.database().full_name(target.schema, target.table), identifier(*name)),
                     "adding the overflow column of " + source);
  return true;
}

}  // namespace

std::optional<NameConflict> find_name_conflict(Connection& connection, RelationNames& names, StateTables& state,
                                               const std::string& pipeline, const OutputRecord& output) {
  if (!names.contain(output.target_schema, output.target_name)) return std::nullopt;
  const auto owner = state.owner(output.target_schema, output.target_name);
  if (owner == pipeline) return std::nullopt;
  return name_conflict_of(output.target(), connection.database().label(), owner);
}

void add_overflow_column(Connection& connection, StateTables& state, TargetRecord& record, const std::string& source) {
  if (add_overflow(connection, record.target, source)) state.put_target(record);
}

void describe_columns(Connection& connection, const Target& target, const TableSchema& columns) {
  for (const auto& column : columns.columns) {
    const auto* place = target.column_of(column.name);
    if (place == nullptr) continue;
    connection.execute(
        fmt::format("COMMENT ON COLUMN {}.{} IS {}", connection.database().full_name(target.schema, target.table),
                    identifier(place->name), column.description.empty() ? "NULL" : literal(column.description)),
        "describing column " + column.name + " of " + columns.full_name());
  }
}

void drop_target(Connection& connection, StateTables& state, const Target& target) {
  connection.execute("DROP TABLE IF EXISTS " + connection.database().full_name(target.schema, target.table),
                     "dropping a copy");
  state.forget_target(target);
}

namespace {

// Creates the copy's empty table, in the open transaction.
Target create_copy(Connection& connection, RelationNames& names, StateTables& state, const std::string& pipeline,
                   const OutputRecord& output, const TableSchema& schema, const EnumTypes& enums) {
  if (const auto conflict = find_name_conflict(connection, names, state, pipeline, output)) {
    throw Error(ErrorKind::destination, conflict->reason, conflict->hint);
  }
  if (const auto older = state.copy_of(output.id)) {
    drop_target(connection, state, older->target);
    names.remove(older->target.schema, older->target.table);
  }
  connection.execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", identifier(connection.database().catalog()),
                                 identifier(output.target_schema)),
                     "creating schema " + output.target_schema);
  const auto name =
      free_name(capabilities().names, fmt::format("_walbrook_copy_{}", output.id.value),
                [&](const std::string& candidate) { return names.contain(output.target_schema, candidate); });
  Target target = make_target(output.target_schema, name, schema, output.style);
  connection.execute(create_sql(connection.database().full_name(output.target_schema, name), target, schema, enums),
                     "creating the copy of " + schema.full_name());
  names.add(output.target_schema, name);
  const auto is_described = [](const ColumnSchema& column) { return !column.description.empty(); };
  if (std::ranges::any_of(schema.columns, is_described)) describe_columns(connection, target, schema);
  return target;
}

}  // namespace

Copy::Copy(std::shared_ptr<Database> database, const std::string& pipeline, std::span<const CopyTarget> outputs,
           const EnumTypes& enums, std::unique_lock<std::mutex> beginning)
    : connection_(std::move(database)),
      pipeline_(pipeline),
      state_(connection_, pipeline),
      enums_(enums),
      beginning_(std::move(beginning)) {
  if (stores_records_alone()) {
    if (const auto& before = connection_.database().traits().before_table) {
      for (const auto& [output, schema] : outputs) {
        before(connection_, output->target_schema, target_column_names(capabilities().names, output->style, *schema));
      }
    }
    run_retried(connection_, [&] {
      copied_.clear();
      create(outputs);
      put_records();
    });
    beginning_.unlock();
    if (const auto& made = connection_.database().traits().table_was_made) {
      for (const auto& copied : copied_) made(connection_, copied.record.target.schema, copied.record.target.table);
    }
    if (!commits_each_batch()) connection_.execute("BEGIN TRANSACTION");
    return;
  }
  connection_.execute("BEGIN TRANSACTION");
  try {
    create(outputs);
    // The copy of one table may take long: this lets others begin meanwhile.
    if (copied_.size() == 1) commit_rows();
  } catch (...) {
    connection_.rollback();
    throw;
  }
}

bool Copy::stores_records_alone() const {
  return connection_.database().traits().state_per_pipeline;
}

bool Copy::commits_each_batch() const {
  return connection_.database().traits().one_writer;
}

void Copy::put_records() {
  for (const auto& copied : copied_) put_record(copied.record);
}

void Copy::put_record(const TargetRecord& record) {
  stores_records_alone() ? state_.add_target(record) : state_.put_target(record);
}

void Copy::create(std::span<const CopyTarget> outputs) {
  RelationNames names(connection_);
  for (const auto& [output, schema] : outputs) {
    auto& copied = copied_.emplace_back(CopiedOutput{
        .schema = schema,
        .provenance = {.transactions = nullptr, .copied_at = output->snapshot_lsn, .load_id = output->load_id},
        .record = {.kind = TargetRecord::Kind::unfinished_copy,
                   .output = output->id,
                   .has_source = output->has_source(),
                   .target = {}},
        .enum_columns = nullptr,
        .writer = nullptr});
    copied.record.target = create_copy(connection_, names, state_, pipeline_, *output, *schema, enums_);
  }
  // Each borrows its target, which stays where it is from here on.
  for (auto& copied : copied_) {
    if (!EnumColumns::has_any(*copied.schema)) continue;
    copied.enum_columns = std::make_unique<EnumColumns>(connection_, copied.record.target, *copied.schema);
  }
}

Copy::~Copy() {
  for (auto& copied : copied_) copied.writer.reset();
  if (finished_) return;
  connection_.rollback();
  if (beginning_.owns_lock()) return;  // nothing was committed
  try {
    connection_.execute("BEGIN TRANSACTION");
    for (const auto& copied : copied_) drop_target(connection_, state_, copied.record.target);
    connection_.commit();
  } catch (const Error&) {
    connection_.rollback();  // the next open() drops the copy
  }
}

std::string Copy::label() const {
  return copied_.size() == 1 ? copied_.front().schema->full_name() : fmt::format("{} tables", copied_.size());
}

void Copy::append(std::size_t index, const RowBatch& rows) {
  auto& copied = copied_.at(index);
  add_overflow_columns(copied, rows);
  add_labels(copied, rows);
  if (commits_each_batch()) return append_alone(copied, rows);
  if (writing_ != &copied) close_writers();  // one writer at a time, which bounds the rows that are held back
  writing_ = &copied;
  if (copied.writer == nullptr) {
    copied.writer = std::make_unique<ChunkWriter>(connection_, copied.record.target, copied.schema, copied.provenance);
  }
  copied.writer->write(rows);
  uncommitted_bytes_ += rows.bytes();
  uncommitted_rows_ += rows.rows();
  if (uncommitted_bytes_ >= commit_bytes || uncommitted_rows_ >= commit_rows_limit) commit_rows();
}

void Copy::append_alone(CopiedOutput& copied, const RowBatch& rows) {
  run_retried(
      connection_,
      [&] {
        ChunkWriter writer(connection_, copied.record.target, copied.schema, copied.provenance);
        writer.write(rows);
        writer.close();
      },
      "copying rows of " + label());
}

void Copy::close_writers() {
  if (writing_ == nullptr) return;
  if (writing_->writer != nullptr) writing_->writer->close();
  writing_->writer.reset();
  writing_ = nullptr;
}

void Copy::commit_rows() {
  close_writers();
  if (beginning_.owns_lock()) {
    put_records();
  }
  connection_.commit("copying rows of " + label());
  if (beginning_.owns_lock()) beginning_.unlock();
  uncommitted_bytes_ = 0;
  uncommitted_rows_ = 0;
  connection_.execute("BEGIN TRANSACTION");
}

void Copy::add_overflow_columns(CopiedOutput& copied, const RowBatch& rows) {
  bool committed = false;
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    const auto& source = copied.schema->columns[c].name;
    if (rows.columns[c].overflow().empty() || copied.record.target.overflow_of(source) != nullptr) continue;
    if (commits_each_batch()) {
      add_overflow_alone(copied, source);
      continue;
    }
    // ALTER has its own transaction: the rows before it are in the table by then.
    if (!std::exchange(committed, true)) commit_rows();
    if (!add_overflow(connection_, copied.record.target, source) || stores_records_alone()) continue;
    state_.put_target(copied.record);
  }
  if (committed) commit_rows();
}

// A label that was added since the types were read.
void Copy::add_labels(CopiedOutput& copied, const RowBatch& rows) {
  if (copied.enum_columns == nullptr) return;
  copied.enum_columns->note(rows);
  if (!copied.enum_columns->lack_labels()) return;
  commit_rows();  // ALTER has its own transaction, as with overflow columns
  copied.enum_columns->alter(enums_);
  commit_rows();
}

void Copy::add_overflow_alone(CopiedOutput& copied, const std::string& source) {
  Target changed;
  run_retried(connection_, [&] {
    changed = copied.record.target;
    add_overflow(connection_, changed, source);
  });
  copied.record.target = std::move(changed);
}

void Copy::finish() {
  close_writers();
  for (auto& copied : copied_) copied.record.kind = TargetRecord::Kind::finished_copy;
  const auto doing = "finishing the copy of " + label();
  if (stores_records_alone()) {
    if (!commits_each_batch()) connection_.commit(doing);
    run_retried(
        connection_, [this] { put_records(); }, doing);
  } else {
    put_records();
    connection_.commit(doing);
  }
  finished_ = true;
}

}  // namespace walbrook::destination::duckdb
