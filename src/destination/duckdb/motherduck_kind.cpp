#include "destination/duckdb/motherduck_kind.h"

#include "base/destination_name.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/duckdb_destination.h"
#include "destination/duckdb/motherduck.h"
#include "destination/duckdb/stored_state.h"

namespace walbrook::destination::duckdb {
namespace {

Place motherduck_place(const std::string& url) {
  const auto name = "md:" + parse_motherduck_url(url).database;
  return {.identity = name, .label = name, .shown = name};
}

}  // namespace

// A database of MotherDuck is made by its owner. Whether it exists is found out by opening it, which takes the token
// and the extension.
constinit const Kind motherduck_entry{
    .name = motherduck_destination,
    .capabilities = capabilities,
    .make = [](const DestinationOptions& options) -> std::unique_ptr<Destination> {
      return std::make_unique<DuckDbDestination>(motherduck_options(options), options);
    },
    .stored_state = stored_state,
    .place = motherduck_place,
    .is_there = [](const std::string& /*url*/) { return true; },
    .check_creatable = [](const std::string& /*url*/) {},
    .check_writable = [](const std::string& /*url*/) {},
    .move_leftovers_aside = [](const std::string& /*url*/) {},
};

}  // namespace walbrook::destination::duckdb
