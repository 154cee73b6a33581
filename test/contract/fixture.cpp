#include "test/contract/fixture.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/error.h"

namespace walbrook::contract {

ContractTest::ContractTest() {
  std::string pattern = (std::filesystem::temp_directory_path() / "walbrook-contract-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
}

ContractTest::~ContractTest() {
  destination_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

State ContractTest::open(const std::string& pipeline) {
  destination_.reset();
  auto chosen = options();
  chosen.pipeline = pipeline;
  destination_ = destination::open_destination(chosen);
  return destination_->open();
}

TableRecord ContractTest::record(const TableSchemaRef& schema, TableState state) {
  return {.oid = schema->oid,
          .schema = schema->schema,
          .name = schema->name,
          .target_schema = schema->schema,
          .target_name = schema->name,
          .state = state,
          .columns = schema};
}

Checkpoint ContractTest::at(std::uint64_t lsn) {
  return {.slot = "walbrook", .systemid = "7301234567890123456", .timeline = 1, .lsn = Lsn{lsn}};
}

void ContractTest::load(std::uint64_t lsn, const std::function<void(Transaction&)>& work) {
  const auto load = destination_->begin({});
  work(*load);
  load->put(destination::PutCheckpoint{at(lsn)});
  load->commit();
}

TableRecord ContractTest::create(const TableSchemaRef& schema, const std::vector<std::vector<Cell>>& rows) {
  const auto table = record(schema);
  const auto copy = begin_copy(*destination_, table, schema);
  copy->append(0, inserts(schema, rows));
  copy->finish();
  load(++lsn_, [&](Transaction& load) {
    load.swap_in(table);
    load.put(destination::PutTable{table});
  });
  return table;
}

destination::MergeCounts ContractTest::merge(const TableRecord& table, const RowOperations& effect) {
  destination::MergeCounts counts;
  load(++lsn_, [&](Transaction& load) { counts = apply(load, table, effect); });
  return counts;
}

std::vector<std::string> ContractTest::ask(const std::string& sql) {
  const auto session = destination::query_engine_of(*destination_).open_session();
  return ask(*session, sql);
}

std::vector<std::string> ContractTest::ask(destination::ReadSession& session, const std::string& sql) {
  std::vector<std::string> out;
  for (const auto& row : session.query(sql).rows) {
    std::string line;
    for (const auto& cell : row) line += (line.empty() ? "" : "|") + cell.value_or("-");
    out.push_back(line);
  }
  return out;
}

void ContractTest::killed(const std::function<void(destination::Destination&)>& work) {
  close();
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      const auto opened = destination::open_destination(options());
      (void)opened->open();
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

void ContractTest::die() {
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
