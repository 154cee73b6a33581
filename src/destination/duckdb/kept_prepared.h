// Changes of prepared transactions, kept in _walbrook.prepared: byte for byte, and per transaction in the order in
// which they came.
//
// The bytes of one call become many small rows. DuckDB reads and writes tables in vectors of 2,048 rows, at a
// checkpoint too: with parts of 1 MB it would have to hold 2 GB of them at once, and did run out of memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Works in the connection's open transaction.
class KeptPrepared {
 public:
  KeptPrepared(Connection& connection, std::string pipeline);

  void add(std::uint32_t xid, std::string_view bytes);
  void for_each(std::uint32_t xid, const std::function<void(std::string_view)>& sink);
  void drop(std::uint32_t xid);

 private:
  [[nodiscard]] std::string read(std::uint32_t xid, std::int64_t seq, std::int64_t parts);

  Connection& connection_;
  std::string pipeline_;
  std::string table_;
};

}  // namespace walbrook::destination::duckdb
