// A workload whose every committed state can be told from a mixture of two, and readers of a lake that look for one.
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/lsn.h"
#include "test/support/duck_reader.h"

namespace walbrook::test {

// Moves money between the accounts of one schema: one transaction changes two accounts, inserts a row into `transfer`
// and deletes an old one. After each one, the sum of the balances is the same, and the accounts' moves and the rows of
// `transfer` agree with the last number.
class Transfers {
 public:
  // Creates schema and tables.
  Transfers(std::string conninfo, std::string schema);
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  // Makes one transfer after the other until `end`.
  void begin();
  void end();
  void make(int count);
  [[nodiscard]] int made() const { return made_; }

 private:
  void make_one(Sql& sql);

  std::string conninfo_;
  std::string schema_;
  std::atomic<int> made_{0};
  std::jthread thread_;
};

// Reads the tables of Transfers in one transaction after the other, in threads with a DuckDB each.
class LakeReaders {
 public:
  struct Target {
    std::string pipeline;
    std::string schema;  // of the tables in the lake
  };
  // `attached` is the lake as ATTACH takes it.
  LakeReaders(std::size_t count, std::string attached, std::vector<Target> targets);
  LakeReaders(const LakeReaders&) = delete;
  LakeReaders& operator=(const LakeReaders&) = delete;

  // Waits until each reader has seen so many checkpoints of each target, up to a minute. Returns false if one has not.
  [[nodiscard]] bool have_seen(std::size_t checkpoints) const;
  // Ends the threads and returns what was wrong: failed statements, sums that do not agree, checkpoints that went back.
  [[nodiscard]] std::string end();

 private:
  struct Seen {
    Lsn checkpoint;
    std::size_t checkpoints = 0;
  };
  void work(const std::stop_token& stop, std::size_t number);
  void read(DuckReader& reader, std::size_t number, std::size_t target);
  void note(const std::string& problem);

  std::string attached_;
  std::vector<Target> targets_;
  mutable std::mutex mutex_;             // guards the members below
  std::vector<std::vector<Seen>> seen_;  // by reader and target
  std::string problems_;
  std::vector<std::jthread> threads_;
};

}  // namespace walbrook::test
