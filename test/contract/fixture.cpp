#include "test/contract/fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "test/contract/changes.h"

namespace walbrook::contract {
namespace {

// Ends `work` of DestinationCase::killed if the process goes on.
struct Died {};

}  // namespace

DestinationCase::DestinationCase(const DestinationKind& kind) : kind_(kind) {
  std::string pattern = (std::filesystem::temp_directory_path() / "walbrook-contract-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  if (kind_.keep != nullptr) kept_ = kind_.keep(options());
}

DestinationCase::~DestinationCase() {
  destination_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

destination::DestinationOptions DestinationCase::options(const std::string& pipeline) const {
  auto chosen = kind_.options(folder_);
  chosen.pipeline = pipeline;
  return chosen;
}

State DestinationCase::open(const std::string& pipeline) {
  destination_.reset();
  destination_ = kind_.make(options(pipeline));
  return destination_->open();
}

State DestinationCase::open_to_read() {
  destination_.reset();
  auto chosen = options();
  chosen.read_only = true;
  destination_ = kind_.make(chosen);
  return destination_->open();
}

void DestinationCase::drop_behind_its_back(const OutputRecord& table) {
  close();
  kind_.drop_table(options(), table.target());
  open();
}

OutputRecord DestinationCase::record(const TableSchemaRef& schema, OutputState state) {
  OutputRecord table{.id = {schema->oid}, .source = schema->oid, .schema = schema->schema, .name = schema->name};
  table.target_schema = schema->schema;
  table.target_name = schema->name;
  table.state = state;
  if (!table.has_source()) table.source = 0;
  table.columns = schema;
  return table;
}

Checkpoint DestinationCase::at(std::uint64_t lsn) {
  return {.slot = "walbrook", .systemid = "7301234567890123456", .timeline = 1, .lsn = Lsn{lsn}};
}

void DestinationCase::load(std::uint64_t lsn, const std::function<void(Transaction&)>& work) {
  const auto transaction = begin();
  work(*transaction);
  transaction->put(destination::PutCheckpoint{at(lsn)});
  transaction->commit();
}

std::unique_ptr<destination::CopyWriter> DestinationCase::copy_writer(const OutputRecord& table) {
  const destination::CopyTarget target{.output = &table, .schema = table.columns};
  return destination_->begin_copy({&target, 1});
}

void DestinationCase::copy(const OutputRecord& table, const Rows& rows) {
  const auto writer = copy_writer(table);
  writer->append(0, inserts(table.columns, rows));
  writer->finish();
}

OutputRecord DestinationCase::create(const TableSchemaRef& schema, const Rows& rows) {
  const auto table = record(schema);
  copy(table, rows);
  load(++lsn_, [&](Transaction& transaction) {
    transaction.swap_in(table);
    transaction.put(destination::PutOutput{table});
  });
  return table;
}

destination::MergeCounts DestinationCase::merge(const OutputRecord& table, const RowOperations& effect) {
  destination::MergeCounts counts;
  const auto before = rows_change() ? 0 : rows(table).size();
  load(++lsn_, [&](Transaction& transaction) { counts = apply(transaction, table, effect); });
  if (!rows_change()) counts.removed = before + counts.written - rows(table).size();
  return counts;
}

destination::MergeCounts DestinationCase::apply(Transaction& transaction, const OutputRecord& table,
                                                const RowOperations& effect) {
  if (rows_change()) return destination::apply(transaction, table, effect);
  auto counts = destination::apply(transaction, table, Changes(effect).get());
  counts.written = effect.append.size() + effect.complete.size();
  return counts;
}

bool DestinationCase::is_held(const PhysicalType& type) const {
  return can_hold(destination::capabilities_of(options().url).values, type);
}

bool DestinationCase::rows_change() const {
  return destination::capabilities_of(options().url).rows_change;
}

void DestinationCase::add_overflow(const OutputRecord& table, const Strings& columns) {
  load(++lsn_, [&](Transaction& transaction) { transaction.alter(table, {.overflow = columns}); });
}

Strings DestinationCase::rows(const OutputRecord& table) {
  Strings lines;
  for (const auto& row : kind_.read(*destination_, table)) {
    std::string line;
    for (const auto& cell : row) line += (&cell == row.data() ? "" : "|") + to_text(cell);
    lines.push_back(std::move(line));
  }
  std::ranges::sort(lines);
  return lines;
}

bool DestinationCase::is_there(const OutputRecord& table) {
  return error_of([&] { static_cast<void>(rows(table)); }).empty();
}

void DestinationCase::killed(const std::function<void(Destination&)>& work) {
  close();
  if (kind_.outlives_processes) return kill_process(work);
  try {
    const auto opened = kind_.make(options());
    static_cast<void>(opened->open());
    work(*opened);
  } catch (const Died&) {  // what `work` had begun is lost
  }
}

void DestinationCase::kill_process(const std::function<void(Destination&)>& work) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      const auto opened = kind_.make(options());
      static_cast<void>(opened->open());
      work(*opened);
      die();
    } catch (const std::exception& failed) {
      std::fprintf(stderr, "in the killed process: %s\n", failed.what());
      ::_exit(1);
    }
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the process ended by itself with " << WEXITSTATUS(status);
}

void DestinationCase::die() const {
  if (!kind_.outlives_processes) throw Died();
  ::kill(::getpid(), SIGKILL);
  ::_exit(2);
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& failed) {
    return std::string(to_string(failed.kind())) + ": " + failed.cause();
  }
  return "";
}

}  // namespace walbrook::contract
