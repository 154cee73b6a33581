#include "destination/postgres/copy.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "destination/postgres/postgres_capabilities.h"
#include "destination/postgres/row_operations.h"
#include "destination/postgres/target_check.h"

namespace walbrook::destination::postgresql {
namespace {

constexpr std::size_t sent_at_once = std::size_t{256} << 10U;

bool is_described(const ColumnSchema& column) {
  return !column.description.empty();
}

}  // namespace

Copy::Copy(Server& server, std::span<const CopyTarget> outputs, KeyForm key)
    : server_(server),
      key_(key),
      session_(server.open_session()),
      types_(server.types()),
      state_(*session_, server.pipeline()) {
  create_schemas(outputs);
  session_->execute("BEGIN", "beginning a copy");
  for (const auto& target : outputs) create(target);
}

// A schema is committed before the copy, which may take long: other copies are created in it meanwhile.
void Copy::create_schemas(std::span<const CopyTarget> outputs) {
  std::set<std::string> schemas;
  for (const auto& [output, schema] : outputs) schemas.insert(output->target_schema);
  const std::scoped_lock lock(server_.creating());
  for (const auto& schema : schemas) create_schema(*session_, schema);
}

void Copy::create(const CopyTarget& target) {
  const auto& [output, schema] = target;
  check_owner(*session_, state_, server_.pipeline(), *output);
  if (const auto older = state_.copy_of(output->id)) drop_target(*session_, state_, older->target);
  auto& copied = copied_.emplace_back(CopiedOutput{
      .schema = schema,
      .provenance = {.transactions = nullptr, .copied_at = output->snapshot_lsn, .load_id = output->load_id},
      .record = {.kind = TargetRecord::Kind::finished_copy,
                 .output = output->id,
                 .has_source = output->has_source(),
                 .target = {}},
      .text = std::nullopt});
  auto& made = copied.record.target;
  made = make_target(capabilities().names,
                     {.schema = output->target_schema, .table = copy_name(server_.pipeline(), output->id)}, *schema,
                     output->style);
  for (const auto& column : schema->columns) {
    const auto missing = types_->missing(column.type);
    if (missing.empty()) continue;
    spdlog::warn("column \"{}\" of {} is text in {}, which has no extension with type {}", column.name,
                 schema->full_name(), session_->where(), missing);
  }
  session_->execute(create_sql(*types_, made, *schema), "creating the copy of " + schema->full_name());
  if (std::ranges::any_of(schema->columns, is_described)) describe_columns(*session_, made, *schema);
}

Copy::~Copy() {
  rows_.reset();
  session_->rollback();
}

void Copy::begin_rows(CopiedOutput& copied) {
  if (writing_ == &copied) return;
  end_rows();
  const auto& target = copied.record.target;
  copied.text.emplace(fields_for(target, *copied.schema), *copied.schema, copied.provenance);
  rows_ = session_->begin_copy(
      fmt::format("COPY {}{} FROM STDIN (FREEZE)", full_name(target.schema, target.table), column_list(target.columns)),
      "copying rows of " + copied.schema->full_name());
  writing_ = &copied;
}

void Copy::end_rows() {
  if (writing_ == nullptr) return;
  writing_ = nullptr;
  const auto ended = std::move(rows_);
  at_server([&] { return ended->finish(); });
}

void Copy::append(std::size_t index, const RowBatch& rows) {
  auto& copied = copied_.at(index);
  add_overflow_columns(copied, rows);
  begin_rows(copied);
  for (std::size_t first = 0; first < rows.rows();) {
    const auto lines = copied.text->copy_lines(rows, first, sent_at_once);
    at_server([&] { rows_->write(lines); });
  }
}

void Copy::add_overflow_columns(CopiedOutput& copied, const RowBatch& rows) {
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    const auto& source = copied.schema->columns[c].name;
    if (rows.columns[c].overflow().empty() || copied.record.target.overflow_of(source) != nullptr) continue;
    end_rows();
    add_overflow_column(*session_, copied.record.target, source);
  }
}

void Copy::finish() {
  end_rows();
  for (auto& copied : copied_) {
    create_key(*session_, *types_, copied.record.target, *copied.schema,
               copied.record.has_source ? key_ : KeyForm::primary_key);
    state_.put_target(copied.record);
  }
  session_->execute("COMMIT", "finishing a copy");
}

std::string copy_name(const std::string& pipeline, OutputId output) {
  return fmt::format("_walbrook_copy_{:08x}_{}", std::hash<std::string>{}(pipeline)&0xFFFFFFFFU, output.value);
}

bool add_overflow_column(Session& session, Target& target, const std::string& source) {
  const auto name = target.add_overflow(capabilities().names, source);
  if (!name) return false;
  session.execute(
      fmt::format("ALTER TABLE {} ADD COLUMN {} text", full_name(target.schema, target.table), identifier(*name)),
      "adding the overflow column of " + source);
  return true;
}

void describe_columns(Session& session, const Target& target, const TableSchema& columns) {
  for (const auto& column : columns.columns) {
    const auto* place = target.column_of(column.name);
    if (place == nullptr) continue;
    session.execute(
        fmt::format("COMMENT ON COLUMN {}.{} IS {}", full_name(target.schema, target.table), identifier(place->name),
                    column.description.empty() ? "NULL" : literal(column.description)),
        "describing column " + column.name + " of " + columns.full_name());
  }
}

void drop_target(Session& session, StateTables& state, const Target& target) {
  session.execute("DROP TABLE IF EXISTS " + full_name(target.schema, target.table), "dropping a copy");
  state.forget_target({.schema = target.schema, .table = target.table});
}

}  // namespace walbrook::destination::postgresql
