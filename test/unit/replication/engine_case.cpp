#include "test/unit/replication/engine_case.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "replication/core/batch_apply.h"
#include "replication/core/table_renames.h"

namespace walbrook::replication {

TableSchemaRef items(Oid oid, const std::string& name) {
  return contract::table(name, {{"id", contract::int4, contract::key}, {"note", contract::text}}, oid);
}

namespace {

std::string fingerprint_of(const TableSchema& schema, const Print& print) {
  std::string columns;
  int number = 0;
  for (const auto& column : schema.columns) {
    columns += fmt::format(R"({}[{},"{}",{},{},500,false,0,0])", columns.empty() ? "" : ",", ++number, column.name,
                           column.type_oid, column.typmod);
  }
  return fmt::format(R"({{"publication":"{}","reach":"{}","via_root":false,"schema":[2200,1],"file":{},"written":[{}],)"
                     R"("identity":"d","columns":[{}],"attributes":{},"members":null,"composites":null,"enums":null}})",
                     print.publication, print.reach, print.file, print.written, columns, number);
}

}  // namespace

std::vector<std::int32_t> attribute_numbers(const TableSchema& schema) {
  std::vector<std::int32_t> numbers(schema.columns.size());
  std::iota(numbers.begin(), numbers.end(), 1);
  return numbers;
}

postgres::SourceTable in_catalog(const TableSchemaRef& schema, const Print& print) {
  postgres::SourceTable table{.oid = schema->oid, .schema = schema->schema, .name = schema->name};
  table.members = {schema->oid};
  table.has_identity_key = schema->has_key();
  table.identity = schema->identity;
  for (const auto& column : schema->columns) {
    table.columns.push_back({.name = column.name, .type_oid = column.type_oid, .typmod = column.typmod});
  }
  table.fingerprint = fingerprint_of(*schema, print);
  table.described = schema;
  return table;
}

postgres::Publication published(std::vector<postgres::SourceTable> tables, std::uint64_t position) {
  postgres::Publication publication{
      .name = "shop", .inserts = true, .updates = true, .deletes = true, .truncates = true};
  publication.tables = std::move(tables);
  publication.complete_to = publication.position = Lsn{position};
  return publication;
}

namespace {

Lsn end_of(const Transaction& transaction) {
  return {transaction.commit_lsn.value + 8};
}

}  // namespace

Changes& Changes::transaction(std::uint32_t xid, std::uint64_t commit_lsn) {
  changes_.transactions.push_back({.xid = xid, .commit_lsn = Lsn{commit_lsn}, .commit_time = 1'700'000'000'000'000});
  return *this;
}

Changes& Changes::add(const TableSchemaRef& schema, Op op, const Cells& row) {
  auto* batch = changes_.operations.empty() ? nullptr : std::get_if<RowBatch>(&changes_.operations.back());
  if (batch == nullptr || batch->schema != schema)
    batch = &std::get<RowBatch>(changes_.operations.emplace_back(RowBatch(schema)));
  contract::append(*batch, op, row);
  batch->transaction.back() = current();
  return *this;
}

Changes& Changes::truncate(const std::vector<TableSchemaRef>& tables) {
  changes_.operations.emplace_back(Truncate{.tables = tables, .transaction = current()});
  return *this;
}

Changes& Changes::earlier_parts(std::uint32_t xid, bool prepared, std::vector<std::uint32_t> aborted) {
  changes_.operations.emplace_back(
      MergeParts{.xid = xid, .transaction = current(), .prepared = prepared, .aborted = std::move(aborted)});
  return *this;
}

CommitBatch Changes::commits() {
  const auto last = changes_.transactions.back();
  return {std::move(changes_), Lsn{}, end_of(last), last};
}

TransactionPart Changes::part(std::uint32_t xid) {
  for (auto& transaction : changes_.transactions) transaction.commit_lsn = {};
  return {.xid = xid, .transactions = std::move(changes_.transactions), .operations = std::move(changes_.operations)};
}

PreparedTransaction Changes::prepare(std::uint32_t xid) {
  const Lsn end = end_of(changes_.transactions.back());
  for (auto& transaction : changes_.transactions) transaction.commit_lsn = {};
  return {std::move(changes_), xid, {}, end};
}

EngineCase::EngineCase() {
  std::string pattern = (std::filesystem::temp_directory_path() / "walbrook-engine-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  url_ = file().string();
}

EngineCase::~EngineCase() {
  close();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void EngineCase::close() {
  sync_.reset();
  destination_.reset();
}

void EngineCase::begin(TableSyncOptions options) {
  close();
  destination_ = destination::open_destination({.url = url_, .pipeline = "shop", .threads = 1});
  auto state = destination_->open();
  spool_.emplace();
  sync_.emplace(std::move(options), destination_->capabilities().names, std::move(state));
}

RecordChanges EngineCase::see(const postgres::Publication& publication, std::uint64_t reached) {
  auto changed = sync_->publication_seen(publication, Lsn{reached});
  store_renames(*destination_, *sync_, changed);
  store(changed);
  return changed;
}

void EngineCase::store(const RecordChanges& changes) {
  const auto load = destination_->begin({});
  changes.put(*load);
  load->commit();
}

void EngineCase::copy(Oid table, const TableSchemaRef& schema, const std::vector<Cells>& rows,
                      std::uint64_t consistent_point) {
  auto& synced = output(table);
  auto record = synced.record;
  if (synced.moves_to) {
    record.target_schema = synced.moves_to->schema;
    record.target_name = synced.moves_to->table;
  }
  const auto writer = contract::begin_copy(*destination_, record, schema);
  writer->append(0, contract::inserts(schema, rows));
  writer->finish();
  synced.copied = Lsn{consistent_point};
  synced.copied_columns = schema;
  synced.copied_rows = rows.size();
}

void EngineCase::stream(const TableSchemaRef& schema, const std::vector<Cells>& rows, std::uint64_t consistent_point) {
  std::vector<postgres::SourceTable> tables;
  for (const auto& [oid, table] : sync_->tables()) tables.push_back(table.source);
  tables.push_back(in_catalog(schema));
  see(published(std::move(tables)));
  std::vector<OutputRecord> ordered;
  for (const auto& each : sync_->order_copies(++loads_, {})) ordered.push_back(each.output->record);
  store(ordered);
  copy(schema->oid, schema, rows, consistent_point);
  swap_in(schema->oid);
}

void EngineCase::swap_in(Oid table) {
  const auto load = destination_->begin({});
  TableChanges changes(*sync_);
  BatchApply swap(*load, *spool_, *sync_, changes, ++loads_);
  auto& synced = *sync_->find(table);
  swap.swap_in({.table = &synced, .output = &synced.outputs.at(0)});
  changes.changed().put(*load);
  load->commit();
  spool_->discard(output_key(record(table).id));
  changes.adopt();
  output(table).copied.reset();
  output(table).moves_to.reset();
}

void EngineCase::apply(const CommitBatch& batch) {
  const auto load = destination_->begin({});
  TableChanges changes(*sync_);
  BatchApply applied(*load, *spool_, *sync_, changes, ++loads_);
  applied.apply(batch);
  changes.changed().put(*load);
  load->commit();
  for (const auto& key : applied.taken_from_spool()) spool_->discard(key);
  changes.adopt();
}

std::optional<OutputRecord> EngineCase::stored(const std::string& table) {
  const auto state = destination_->read_state();
  const auto found = std::ranges::find_if(
      state.outputs, [&](const OutputRecord& record) { return record.schema == "public" && record.name == table; });
  return found == state.outputs.end() ? std::nullopt : std::optional(*found);
}

Lines EngineCase::rows(const std::string& target, const std::string& columns) {
  const auto session = destination::query_engine_of(*destination_).open_session();
  Lines lines;
  for (const auto& row : session->query(fmt::format("SELECT {} FROM {} ORDER BY 1", columns, target)).rows) {
    std::string line;
    for (const auto& cell : row) line += (&cell == row.data() ? "" : "|") + cell.value_or("-");
    lines.push_back(std::move(line));
  }
  return lines;
}

bool EngineCase::is_there(const std::string& target) {
  try {
    (void)rows(target, "count(*)");
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace walbrook::replication
