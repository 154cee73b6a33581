// Which destination a URL names, and how it is opened.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "destination/capabilities.h"
#include "destination/destination.h"
#include "destination/stored_state.h"

namespace walbrook::destination {

// What Destination::open does where another use of this process holds the destination. (Another process: see open.)
enum class WhenBusy {
  wait,   // up to 30 s, then Error(destination)
  error,  // Error(destination) at once
};

// Uses of one owner share what is open: a query reads while a load writes. At most one of them writes.
using UseOwner = std::shared_ptr<const void>;

struct DestinationOptions {
  std::string url;           // duckdb:///absolute/or/relative/path.duckdb
  std::string pipeline;      // whose state
  bool read_only = false;    // for `status` and `sql` while no run is at work
  std::string memory_limit;  // of the destination's library; "" = ours
  int threads = 0;           // 0 = the destination's default
  UseOwner owner = nullptr;  // nullptr: an owner of its own
  WhenBusy busy = WhenBusy::wait;
  // With read_only: others of the owner may come to write while this one still reads, so that the destination is opened
  // for writing where it can be. Nothing is written by this one.
  bool shared_with_writers = false;
};

// While it lives, uses that this thread begins count as begun by `caller`, which waits for this thread: where the
// caller holds the destination, waiting for it would never end, and Error(destination) is thrown at once.
class CalledFrom {
 public:
  explicit CalledFrom(std::thread::id caller);
  CalledFrom(const CalledFrom&) = delete;
  CalledFrom& operator=(const CalledFrom&) = delete;
  ~CalledFrom();

 private:
  std::thread::id before_;
};

// The absolute path at which the destination keeps its data on this machine. Two URLs with one path name one
// destination. Throws Error(configuration) for an unknown scheme.
//   shop.duckdb, duckdb:shop.duckdb, duckdb:///shop.duckdb   in the current folder
//   /data/shop.duckdb, duckdb:////data/shop.duckdb           absolute
//   duckdb:///data/shop.duckdb    relative like the others; absolute only if ./data does not exist and /data does
[[nodiscard]] std::string local_path(const std::string& url);

// Of what the URL names, without opening it. Unknown scheme: Error(configuration) with the known ones.
[[nodiscard]] const Capabilities& capabilities_of(const std::string& url);

// By the URL's scheme. Unknown: Error(configuration) with the known ones. Touches no file before Destination::open.
// Besides what users know, memory:NAME is a destination in the memory of this process (memory/memory_destination.h).
[[nodiscard]] std::unique_ptr<Destination> open_destination(const DestinationOptions& options);

// What pipelines left at the destination that the URL names, by statements that `ask` runs there: a ReadSession, or a
// run that holds it. `ask` is called for as long as the result lives.
[[nodiscard]] std::unique_ptr<StoredState> stored_state(const std::string& url, AskSql ask);

// The destination's query engine. Throws Error(configuration) where it answers no queries.
[[nodiscard]] QueryEngine& query_engine_of(Destination& destination);

}  // namespace walbrook::destination
