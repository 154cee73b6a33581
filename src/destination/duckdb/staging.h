// Bytes kept in _walbrook.staged, verbatim, per key in the order of their staging.
//
// One call's bytes become rows of at most 1 MB: neither writing nor reading then holds them in DuckDB as a whole.
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
  [[nodiscard]] std::string read(const StageKey& key, const std::string& seq);

  Connection& connection_;
  std::string pipeline_;
  std::string table_;
};

}  // namespace walbrook::destination::duckdb
