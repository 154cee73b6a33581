// What pipelines left at a destination, as people ask for it: read by queries, so that it is the same whether the
// destination is open here or a run answers over its socket.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "destination/query_engine.h"
#include "destination/state.h"

namespace walbrook::destination {

// One statement that reads: ReadSession::query, or the local socket of a run.
using AskSql = std::function<QueryResult(const std::string& sql)>;

struct StoredPipeline {
  std::string name;
  Checkpoint checkpoint;  // its LSN is unset where nothing of a source is there, only what a program wrote
  WallTime written;
};

// A column of a copy as it stands in the destination.
struct StoredColumn {
  std::string name;
  std::string type;          // as the destination names it: "DECIMAL(10,2)"
  std::string source;        // the source's column; "" of one that walbrook added
  bool is_key = false;       // part of what rows are found by
  bool is_overflow = false;  // holds as text what its column cannot
};

struct StoredTable {
  OutputRecord record;
  std::optional<std::uint64_t> rows;  // nullopt: there is no copy yet
  std::vector<StoredColumn> columns;  // empty: likewise
};

struct StoredLoad {
  std::int64_t id = 0;
  Lsn first_commit, last_commit;  // the first is unset: of tables that were copied, as of the last
  std::uint64_t transactions = 0, inserts = 0, updates = 0, deletes = 0, truncates = 0;
  std::uint64_t copied_rows = 0;
  std::vector<std::pair<std::string, std::uint64_t>> tables;  // rows of each, by its name in the source
  WallTime started, finished;
  [[nodiscard]] bool of_copies() const { return !first_commit.is_set() && last_commit.is_set(); }
  [[nodiscard]] bool of_program() const { return !last_commit.is_set(); }  // rows of its own
};

struct StoredSchemaChange {
  std::string table;   // "public.orders"
  std::string column;  // "" of the table as a whole
  std::string what;    // "added", "dropped", "type changed", "key changed"
  Lsn since;
  WallTime at;
};

class StoredState {
 public:
  StoredState() = default;
  StoredState(const StoredState&) = delete;
  StoredState& operator=(const StoredState&) = delete;
  virtual ~StoredState() = default;

  // Of every pipeline that has a checkpoint or rows of a program there; empty where walbrook's state is missing.
  [[nodiscard]] virtual std::vector<StoredPipeline> pipelines() const = 0;
  // By source schema and name; all counts are of one moment.
  [[nodiscard]] virtual std::vector<StoredTable> tables(const std::string& pipeline) const = 0;
  // The newest `limit`, newest first.
  [[nodiscard]] virtual std::vector<StoredLoad> loads(const std::string& pipeline, std::uint64_t limit) const = 0;
  [[nodiscard]] virtual std::uint64_t load_count(const std::string& pipeline) const = 0;
  // Oldest first: what each version of a table's columns differs in from the one before it.
  [[nodiscard]] virtual std::vector<StoredSchemaChange> schema_changes(const std::string& pipeline) const = 0;
  // Statements in the destination's own language that make these tables elsewhere, empty; tables without a copy are
  // left out. Comments say what a type does not: position, source, state, key, overflow.
  [[nodiscard]] virtual std::string definitions(const StoredPipeline& pipeline,
                                                const std::vector<StoredTable>& tables) const = 0;
  // Of these target tables, all as of one moment. Throws Error(configuration) where one of them is not there.
  [[nodiscard]] virtual std::vector<std::uint64_t> count_rows(const std::vector<TargetName>& targets) const = 0;
};

}  // namespace walbrook::destination
