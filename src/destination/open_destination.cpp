#include "destination/open_destination.h"

#include <utility>

#include "base/error.h"
#include "destination/duckdb/duckdb_destination.h"
#include "destination/duckdb/file_claim.h"
#include "destination/duckdb/file_url.h"
#include "destination/duckdb/stored_state.h"
#include "destination/duckdb/types.h"
#include "destination/memory/memory_capabilities.h"
#include "destination/memory/memory_destination.h"

namespace walbrook::destination {
namespace {

void check_scheme(const std::string& url) {
  const auto scheme = duckdb::url_scheme(url);
  if (scheme.empty() || scheme == "duckdb") return;
  throw Error(ErrorKind::configuration, "unknown kind of destination \"" + std::string(scheme) + "\"",
              "Known: duckdb (duckdb:///shop.duckdb).");
}

bool is_in_memory(const std::string& url) {
  return url.starts_with("memory:");
}

}  // namespace

CalledFrom::CalledFrom(std::thread::id caller) : before_(std::exchange(duckdb::caller_of_this_thread(), caller)) {}
CalledFrom::~CalledFrom() {
  duckdb::caller_of_this_thread() = before_;
}

std::string local_path(const std::string& url) {
  check_scheme(url);
  return duckdb::path_of(url);
}

const Capabilities& capabilities_of(const std::string& url) {
  if (is_in_memory(url)) return memory::capabilities();
  check_scheme(url);
  return duckdb::capabilities();
}

std::unique_ptr<Destination> open_destination(const DestinationOptions& options) {
  if (is_in_memory(options.url)) return std::make_unique<memory::MemoryDestination>(options);
  check_scheme(options.url);
  return std::make_unique<duckdb::DuckDbDestination>(options);
}

std::unique_ptr<StoredState> stored_state(const std::string& url, AskSql ask) {
  check_scheme(url);
  return std::make_unique<duckdb::DuckDbStoredState>(std::move(ask));
}

QueryEngine& query_engine_of(Destination& destination) {
  if (auto* engine = destination.query_engine()) return *engine;
  throw Error(ErrorKind::configuration, destination.name() + " answers no queries");
}

}  // namespace walbrook::destination
