#include "destination/duckdb/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/own_rows.h"

namespace walbrook::destination::duckdb {
namespace {

// A transaction's rows go to the file row group by row group (122,880 rows) while it runs; what is behind the last
// whole group waits in memory and in the log. Small enough for both, large enough that a commit's fsync is nothing
// beside it.
constexpr std::size_t commit_bytes = std::size_t{128} << 20U;
constexpr std::size_t commit_rows_limit = 1'000'000;

// False: there is one already.
bool add_variant(Connection& connection, Target& target, const std::string& source) {
  const auto name = target.add_variant(source);
  if (!name) return false;
  connection.execute(fmt::format("ALTER TABLE {} ADD COLUMN {} VARCHAR",
                                 connection.database().full_name(target.schema, target.table), identifier(*name)),
                     "adding the variant column of " + source);
  return true;
}

}  // namespace

std::optional<Error> stranger_in_place(Connection& connection, RelationNames& names, StateTables& state,
                                       const std::string& pipeline, const TableRecord& table) {
  if (!names.contain(table.target_schema, table.target_name)) return std::nullopt;
  const auto owner = state.owner(table.target_schema, table.target_name);
  if (owner == pipeline) return std::nullopt;
  return Error(ErrorKind::destination,
               fmt::format("{}.{} stands in {} already and {}", table.target_schema, table.target_name,
                           connection.database().label(),
                           owner ? "belongs to pipeline \"" + *owner + "\"" : "was not made by walbrook"),
               owner ? remedy("It is not touched. Have the copies in another schema: {}.",
                              SetOption{RemedyOption::dataset, "NAME"})
                     : remedy("It is not touched. Rename it, or have the copies in another schema: {}.",
                              SetOption{RemedyOption::dataset, "NAME"}));
}

void check_owner(Connection& connection, RelationNames& names, StateTables& state, const std::string& pipeline,
                 const TableRecord& table) {
  if (const auto stranger = stranger_in_place(connection, names, state, pipeline, table)) throw Error(*stranger);
}

void add_variant_column(Connection& connection, StateTables& state, TargetRecord& record, const std::string& source) {
  if (add_variant(connection, record.target, source)) state.put_target(record);
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

// An empty table of the copy's own, with variant columns for those of `variants`, in the open transaction.
Target create_copy(Connection& connection, RelationNames& names, StateTables& state, const CopyOwner& owner,
                   const TableRecord& table, const TableSchema& schema, const std::vector<std::string>& variants) {
  check_owner(connection, names, state, owner.pipeline, table);
  if (const auto older = state.copy_of(table.oid)) {
    drop_target(connection, state, older->target);
    names.remove(older->target.schema, older->target.table);
  }
  connection.execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", identifier(connection.database().catalog()),
                                 identifier(table.target_schema)),
                     "creating schema " + table.target_schema);
  const auto name = free_name(fmt::format("_walbrook_copy_{}", table.oid), [&](const std::string& candidate) {
    return names.contain(table.target_schema, candidate);
  });
  Target target = make_target(table.target_schema, name, schema, owner.style);
  connection.execute(create_sql(connection.database().full_name(table.target_schema, name), target, schema),
                     "creating the copy of " + schema.full_name());
  names.add(table.target_schema, name);
  const auto is_described = [](const ColumnSchema& column) { return !column.description.empty(); };
  if (std::ranges::any_of(schema.columns, is_described)) describe_columns(connection, target, schema);
  for (const auto& source : variants) static_cast<void>(add_variant(connection, target, source));
  return target;
}

Provenance provenance_of(const TableRecord& table) {
  return {.transactions = nullptr, .copied_at = table.snapshot_lsn, .load_id = table.load_id};
}

void copy_one(Connection& connection, RelationNames& names, StateTables& state, const CopyOwner& owner,
              const WholeCopy& whole) {
  std::vector<std::string> variants;
  for (const auto& batch : *whole.rows) {
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      if (!batch.columns[c].variants().empty()) variants.push_back(whole.schema->columns[c].name);
    }
  }
  const TargetRecord record{
      .kind = TargetRecord::Kind::finished_copy,
      .oid = whole.table->oid,
      .target = create_copy(connection, names, state, owner, *whole.table, *whole.schema, variants)};
  if (!whole.rows->empty()) {
    ChunkWriter writer(connection, record.target, whole.schema, provenance_of(*whole.table));
    for (const auto& batch : *whole.rows) writer.write(batch);
    writer.close();
  }
  state.put_target(record);
}

}  // namespace

void copy_whole(const std::shared_ptr<Database>& database, const CopyOwner& owner,
                const std::vector<WholeCopy>& tables) {
  Connection connection(database);
  StateTables state(connection, owner.pipeline);
  RelationNames names(connection);
  connection.execute("BEGIN TRANSACTION");
  try {
    for (const auto& whole : tables) copy_one(connection, names, state, owner, whole);
    connection.commit(fmt::format("copying {} tables", tables.size()));
  } catch (...) {
    connection.rollback();
    throw;
  }
}

Copy::Copy(std::shared_ptr<Database> database, const CopyOwner& owner, const TableRecord& table,
           const TableSchema& schema)
    : connection_(std::move(database)),
      state_(connection_, owner.pipeline),
      schema_(std::make_shared<const TableSchema>(schema)),
      provenance_(provenance_of(table)),
      record_{.kind = TargetRecord::Kind::unfinished_copy, .oid = table.oid, .target = {}} {
  connection_.execute("BEGIN TRANSACTION");
  try {
    RelationNames names(connection_);
    record_.target = create_copy(connection_, names, state_, owner, table, *schema_, {});
    state_.put_target(record_);
    connection_.commit("beginning the copy of " + schema_->full_name());
  } catch (...) {
    connection_.rollback();
    throw;
  }
  connection_.execute("BEGIN TRANSACTION");
}

Copy::~Copy() {
  writer_.reset();
  if (finished_) return;
  connection_.rollback();
  try {
    connection_.execute("BEGIN TRANSACTION");
    drop_target(connection_, state_, record_.target);
    connection_.commit();
  } catch (const Error&) {
    connection_.rollback();  // the next open drops it
  }
}

void Copy::append(const RowBatch& rows) {
  prepare_variants(rows);
  if (writer_ == nullptr) writer_ = std::make_unique<ChunkWriter>(connection_, record_.target, schema_, provenance_);
  writer_->write(rows);
  uncommitted_bytes_ += rows.bytes();
  uncommitted_rows_ += rows.rows();
  if (uncommitted_bytes_ >= commit_bytes || uncommitted_rows_ >= commit_rows_limit) commit_rows();
}

void Copy::commit_rows() {
  if (writer_ != nullptr) writer_->close();
  writer_.reset();
  connection_.commit("copying rows of " + schema_->full_name());
  uncommitted_bytes_ = 0;
  uncommitted_rows_ = 0;
  connection_.execute("BEGIN TRANSACTION");
}

void Copy::prepare_variants(const RowBatch& rows) {
  bool committed = false;
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    const auto& source = schema_->columns[c].name;
    if (rows.columns[c].variants().empty() || record_.target.variant_of(source) != nullptr) continue;
    // ALTER in a transaction of its own: the rows before it are in the table then.
    if (!std::exchange(committed, true)) commit_rows();
    add_variant_column(connection_, state_, record_, source);
  }
  if (committed) commit_rows();
}

std::uint64_t Copy::keep_last(const std::vector<std::string>& key) {
  commit_rows();
  return keep_last_rows(connection_, record_.target, key);
}

void Copy::finish() {
  if (writer_ != nullptr) writer_->close();
  writer_.reset();
  record_.kind = TargetRecord::Kind::finished_copy;
  state_.put_target(record_);
  connection_.commit("finishing the copy of " + schema_->full_name());
  finished_ = true;
}

}  // namespace walbrook::destination::duckdb
