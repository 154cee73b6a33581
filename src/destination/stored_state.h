// The state that pipelines stored at a destination, for people. It is read by queries, so that the answer is the same
// whether the destination is open in this process or a run answers over its socket.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "destination/query_engine.h"
#include "destination/state.h"
#include "model/table_schema.h"

namespace walbrook::destination {

// Runs one statement that only reads: by ReadSession::query, or over the local socket of a run.
using AskSql = std::function<QueryResult(const std::string& sql)>;

struct StoredPipeline {
  std::string name;
  Checkpoint checkpoint;  // its LSN is unset if only a program wrote here
  WallTime written;
};

// A column of a target table as it is in the destination.
struct StoredColumn {
  std::string name;
  std::string type;          // the destination's name of it: "DECIMAL(10,2)"
  std::string source;        // the source's column; "" for one that walbrook added
  bool is_key = false;       // part of the key by which rows are found
  bool is_overflow = false;  // holds, as text, values that its column cannot hold
};

struct StoredTable {
  OutputRecord record;
  std::optional<std::uint64_t> rows;  // nullopt: there is no target table, or a run just replaced it
  std::vector<StoredColumn> columns;  // empty: there is no target table yet
};

struct StoredLoad {
  std::int64_t id = 0;
  Lsn first_commit, last_commit;  // for copies only last_commit is set; for a program's rows neither is
  std::uint64_t transactions = 0, inserts = 0, updates = 0, deletes = 0, truncates = 0;
  std::uint64_t copied_rows = 0;
  std::vector<std::pair<std::string, std::uint64_t>> tables;  // rows per table, by its name in the source
  WallTime started, finished;
  [[nodiscard]] bool of_copies() const { return !first_commit.is_set() && last_commit.is_set(); }
  [[nodiscard]] bool of_program() const { return !last_commit.is_set(); }  // rows that a program wrote
};

struct StoredSchemaChange {
  std::string table;   // "public.orders"; its former name if it was renamed
  std::string column;  // "" if the table as a whole changed
  // "added", "dropped", "type changed", "key changed"; of a table "added", "removed", "renamed to public.bills"
  std::string what;
  Lsn since;
  WallTime at;
};

// The columns of an output from one load on.
struct StoredSchemaVersion {
  std::int64_t output = 0;
  std::string table;  // "public.orders"
  TableSchema columns;
  bool removed = false;  // from here on the output is `removed`
  Lsn since;  // rows that were committed later may have them; of the first version: the copy's consistent point
  WallTime at;
};

// Returns how each version differs from the one before it. REQUIRES: the oldest come first.
[[nodiscard]] std::vector<StoredSchemaChange> schema_changes(const std::vector<StoredSchemaVersion>& versions);

class StoredState {
 public:
  StoredState() = default;
  StoredState(const StoredState&) = delete;
  StoredState& operator=(const StoredState&) = delete;
  virtual ~StoredState() = default;

  // Returns every pipeline that has a checkpoint, or rows of a program, at the destination; nothing if walbrook's state
  // is missing.
  [[nodiscard]] virtual std::vector<StoredPipeline> pipelines() const = 0;
  // Returns a pipeline's tables, ordered by source schema and name. All counts are as of one moment.
  [[nodiscard]] virtual std::vector<StoredTable> tables(const std::string& pipeline) const = 0;
  // Returns the newest `limit` loads, newest first.
  [[nodiscard]] virtual std::vector<StoredLoad> loads(const std::string& pipeline, std::uint64_t limit) const = 0;
  [[nodiscard]] virtual std::uint64_t load_count(const std::string& pipeline) const = 0;
  // Returns the versions of all outputs' columns, oldest first.
  [[nodiscard]] virtual std::vector<StoredSchemaVersion> schema_versions(const std::string& pipeline) const = 0;
  // Returns statements, in the destination's own language, that create these tables in another database, empty. Tables
  // without a copy are left out. Comments report what the types do not: position, source, state, key, overflow.
  [[nodiscard]] virtual std::string definitions(const StoredPipeline& pipeline,
                                                const std::vector<StoredTable>& tables) const = 0;
  // Returns the row count of each target table, all as of one moment. Throws Error(configuration) if one of them does
  // not exist.
  [[nodiscard]] virtual std::vector<std::uint64_t> count_rows(const std::vector<TargetName>& targets) const = 0;
};

}  // namespace walbrook::destination
