// Bytes kept in _walbrook.staged, verbatim, per key in the order of their staging.
//
// One call's bytes become many small rows. DuckDB reads and writes tables in vectors of 2,048 rows, at a checkpoint
// too: with pieces of 1 MB it would have to hold 2 GB of them at once, and did fail for want of memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "destination/destination.h"
#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// In the connection's open transaction.
class Staging {
 public:
  Staging(Connection& connection, std::string pipeline);

  void add(const StageKey& key, std::string_view bytes);
  void for_each(const StageKey& key, const std::function<void(std::string_view)>& sink);
  void discard(const StageKey& key);
  void discard_all_transactions();

 private:
  [[nodiscard]] std::string read(const StageKey& key, std::int64_t seq, std::int64_t pieces);

  Connection& connection_;
  std::string pipeline_;
  std::string table_;
};

}  // namespace walbrook::destination::duckdb
