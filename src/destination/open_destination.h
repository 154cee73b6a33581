// Finds and opens the destination that a URL names.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/lsn.h"
#include "destination/capabilities.h"
#include "destination/destination.h"
#include "destination/stored_state.h"

namespace walbrook::destination {

// What Destination::open does if another use in this process holds the destination. (For another process, see open.)
enum class WhenBusy {
  wait,   // waits up to 30 s, then throws Error(destination)
  error,  // throws Error(destination) at once
};

// Uses with the same owner share what is open: a query reads while a load writes. At most one of them writes.
using UseOwner = std::shared_ptr<const void>;

// What a lake keeps, and when it is put in order.
struct LakeOptions {
  std::uint64_t inline_rows = 1000;   // inserts and deletes of up to so many rows are kept in the catalog; 0: in files
  std::uint64_t maintenance_s = 300;  // the lake is put in order every so many seconds; 0 = never
  std::uint64_t keep_s = 7 * 24 * 3600;  // how long snapshots are kept for time travel
};

struct DestinationOptions {
  std::string url;           // duckdb:///absolute/or/relative/path.duckdb; with credentials, if the kind has some
  std::string pipeline;      // the pipeline whose state is read and written
  bool read_only = false;    // for `status` and `sql` while no run is active
  std::string memory_limit;  // the limit of the destination's library; "" = walbrook's default
  int threads = 0;           // 0 = the destination's default
  std::string extension_directory{};  // where DuckDB finds its extensions; "" = its own folder, or the network
  bool primary_key = false;           // of a source's tables; false: what the destination chooses. DuckDB has none
  LakeOptions lake{};                 // of DuckLake
  std::optional<Lsn> at{};            // DuckLake: how the lake was at that LSN. REQUIRES: read_only
  bool create_types = false;          // PostgreSQL: the source's enums, domains and composites are created there
  bool enum_columns = false;          // DuckDB's file: columns of the source's enums have type ENUM
  UseOwner owner = nullptr;           // nullptr: shares with no other use
  WhenBusy busy = WhenBusy::wait;
  // With read_only: uses of the same owner may begin to write while this one still reads, so the destination is opened
  // for writing if that is possible. This use writes nothing.
  bool shared_with_writers = false;
};

// While it lives, uses that this thread begins count as begun by `caller`, which waits for this thread. If the caller
// holds the destination, waiting for it would never end: Error(destination) is thrown at once instead.
class CalledFrom {
 public:
  explicit CalledFrom(std::thread::id caller);
  CalledFrom(const CalledFrom&) = delete;
  CalledFrom& operator=(const CalledFrom&) = delete;
  ~CalledFrom();

 private:
  std::thread::id before_;
};

// Returns the capabilities of the destination that the URL names, without opening it. Throws Error(configuration),
// which names the known schemes, for an unknown one.
[[nodiscard]] const Capabilities& capabilities_of(const std::string& url);

// Makes the destination for the URL's scheme. Touches no file before Destination::open. Throws Error(configuration),
// which names the known schemes, for an unknown one. Besides the schemes that users know, memory:NAME is a destination
// in the memory of this process (memory/memory_destination.h).
[[nodiscard]] std::unique_ptr<Destination> open_destination(const DestinationOptions& options);

// Returns the state that pipelines stored at the destination that the URL names, read by statements that `ask` runs
// there: through a ReadSession, or through a run that holds the destination. `ask` must stay callable for as long as
// the result lives.
[[nodiscard]] std::unique_ptr<StoredState> stored_state(const std::string& url, AskSql ask);

// Returns the destination's query engine. Throws Error(configuration) if it answers no queries.
[[nodiscard]] QueryEngine& query_engine_of(Destination& destination);

// Returns the destination's compactor. Throws Error(configuration) if it keeps no changes that could be compacted.
[[nodiscard]] Compactor& compactor_of(Destination& destination);

}  // namespace walbrook::destination
