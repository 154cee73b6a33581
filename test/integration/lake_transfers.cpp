#include "test/integration/lake_transfers.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "test/support/lake_copy.h"
#include "test/support/process.h"

namespace walbrook::test {
namespace {

constexpr int accounts = 20;
constexpr int first_balance = 100;
constexpr int kept_transfers = 30;

// Returns what is wrong with a state; "": it is one that was committed.
std::string wrong_state(const std::string& sums, const std::string& transfers) {
  const auto numbers = [](const std::string& text) {
    const auto space = text.find(' ');
    return std::pair(std::stoi(text), std::stoi(text.substr(space + 1)));
  };
  const auto [balances, moves] = numbers(sums);
  const auto [last, rows] = numbers(transfers);
  if (balances == accounts * first_balance && moves == 2 * last && rows == std::min(last, kept_transfers)) return "";
  return fmt::format("balances {}, moves {}, last transfer {}, transfers {}", balances, moves, last, rows);
}

}  // namespace

Transfers::Transfers(std::string conninfo, std::string schema)
    : conninfo_(std::move(conninfo)), schema_(std::move(schema)) {
  Sql(conninfo_).exec(fmt::format(
      "CREATE SCHEMA IF NOT EXISTS {0}; CREATE TABLE {0}.account(id int PRIMARY KEY, balance int, moves int); CREATE "
      "TABLE {0}.transfer(id int PRIMARY KEY, amount int); INSERT INTO {0}.account SELECT g, {1}, 0 FROM "
      "generate_series(0, {2}) g",
      schema_, first_balance, accounts - 1));
}

void Transfers::begin() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    Sql sql(conninfo_);
    while (!stop.stop_requested()) {
      make_one(sql);
      std::this_thread::sleep_for(milliseconds(5));  // otherwise the run needs long for what has gathered
    }
  });
}

void Transfers::end() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Transfers::make(int count) {
  Sql sql(conninfo_);
  for (int i = 0; i < count; ++i) make_one(sql);
}

void Transfers::make_one(Sql& sql) {
  const int number = made_ + 1;
  const int amount = number % 7;
  sql.exec(fmt::format(
      "UPDATE {0}.account SET balance = balance - {2}, moves = moves + 1 WHERE id = {3}; UPDATE {0}.account SET "
      "balance = balance + {2}, moves = moves + 1 WHERE id = {4}; INSERT INTO {0}.transfer VALUES ({1}, {2}); DELETE "
      "FROM {0}.transfer WHERE id = {1} - {5}",
      schema_, number, amount, number % accounts,
      (number * 3 + 1) % accounts == number % accounts ? (number + 1) % accounts : (number * 3 + 1) % accounts,
      kept_transfers));
  made_ = number;
}

LakeReaders::LakeReaders(std::size_t count, std::string attached, std::vector<Target> targets)
    : attached_(std::move(attached)), targets_(std::move(targets)), seen_(count, std::vector<Seen>(targets_.size())) {
  for (std::size_t number = 0; number < count; ++number) {
    threads_.emplace_back([this, number](const std::stop_token& stop) { work(stop, number); });
  }
}

void LakeReaders::work(const std::stop_token& stop, std::size_t number) {
  try {
    DuckReader reader(":memory:", DuckReader::Access::read_write);
    attach_lake(reader, attached_);
    while (!stop.stop_requested()) {
      for (std::size_t target = 0; target < targets_.size(); ++target) read(reader, number, target);
    }
  } catch (const std::runtime_error& failed) {
    note(failed.what());
  }
}

// The checkpoint is read last: a transaction whose statements saw different snapshots would show it.
void LakeReaders::read(DuckReader& reader, std::size_t number, std::size_t target) {
  const auto& [pipeline, schema] = targets_[target];
  reader.exec("BEGIN TRANSACTION");
  const auto sums = reader.value(fmt::format("SELECT sum(balance) || ' ' || sum(moves) FROM {}.account", schema));
  const auto transfers =
      reader.value(fmt::format("SELECT coalesce(max(id), 0) || ' ' || count(*) FROM {}.transfer", schema));
  const auto lsn = reader.value("SELECT lsn FROM _walbrook.checkpoint WHERE pipeline = " + quote_literal(pipeline));
  reader.exec("COMMIT");
  const auto checkpoint = Lsn::parse(lsn);
  if (!checkpoint) return note(fmt::format("{}: the checkpoint is \"{}\"", pipeline, lsn));
  if (const auto wrong = wrong_state(sums, transfers); !wrong.empty()) {
    note(fmt::format("{} at {}: {}", pipeline, lsn, wrong));
  }
  const std::scoped_lock lock(mutex_);
  auto& seen = seen_[number][target];
  if (*checkpoint < seen.checkpoint) {
    problems_ += fmt::format("{} went back from {} to {}\n", pipeline, seen.checkpoint.to_string(), lsn);
  }
  if (*checkpoint != seen.checkpoint) ++seen.checkpoints;
  seen.checkpoint = *checkpoint;
}

void LakeReaders::note(const std::string& problem) {
  const std::scoped_lock lock(mutex_);
  problems_ += problem + "\n";
}

bool LakeReaders::have_seen(std::size_t checkpoints) const {
  return eventually(
      [&] {
        const std::scoped_lock lock(mutex_);
        if (!problems_.empty()) return true;  // `end` returns them
        return std::ranges::all_of(seen_, [&](const auto& of_reader) {
          return std::ranges::all_of(of_reader, [&](const Seen& seen) { return seen.checkpoints >= checkpoints; });
        });
      },
      milliseconds(60'000));
}

std::string LakeReaders::end() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  return problems_;
}

}  // namespace walbrook::test
