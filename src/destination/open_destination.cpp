#include "destination/open_destination.h"

#include <utility>

#include "base/error.h"
#include "destination/duckdb/file_claim.h"
#include "destination/registry.h"

namespace walbrook::destination {

CalledFrom::CalledFrom(std::thread::id caller) : before_(std::exchange(duckdb::caller_of_this_thread(), caller)) {}
CalledFrom::~CalledFrom() {
  duckdb::caller_of_this_thread() = before_;
}

const Capabilities& capabilities_of(const std::string& url) {
  return kind_of(url).capabilities();
}

std::unique_ptr<Destination> open_destination(const DestinationOptions& options) {
  return kind_of(options.url).make(options);
}

std::unique_ptr<StoredState> stored_state(const std::string& url, AskSql ask) {
  return kind_of(url).stored_state(std::move(ask));
}

QueryEngine& query_engine_of(Destination& destination) {
  if (auto* engine = destination.query_engine()) return *engine;
  throw Error(ErrorKind::configuration, destination.name() + " answers no queries");
}

Compactor& compactor_of(Destination& destination) {
  if (auto* compactor = destination.compactor()) return *compactor;
  throw Error(ErrorKind::configuration,
              destination.name() + " has nothing to compact: changes are applied to its rows, and are not kept",
              "Only a destination of files (file:, s3:) keeps every change.");
}

}  // namespace walbrook::destination
