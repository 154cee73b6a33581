#include "test/contract/attached_kind.h"

#include <fmt/format.h>

#include "destination/duckdb/duckdb_destination.h"
#include "test/contract/duckdb_cells.h"
#include "test/contract/duckdb_user.h"

namespace walbrook::contract {
namespace {

using destination::DestinationOptions;
namespace duckdb = destination::duckdb;

std::unique_ptr<destination::Destination> make(const DestinationOptions& options) {
  const auto attach = [file = options.url](duckdb::Connection& connection, bool /*read_only*/) {
    connection.execute(fmt::format("ATTACH {} AS \"some shop\"", duckdb::literal(file)));
  };
  return std::make_unique<duckdb::DuckDbDestination>(
      duckdb::DatabaseOptions{.path = "",
                              .label = "some shop",
                              .read_only = options.read_only,
                              .attachment = duckdb::Attachment{.catalog = "some shop", .attach = attach}},
      options);
}

void drop(const DestinationOptions& options, const destination::TargetName& target) {
  run_in_duckdb(options.url, {("DROP TABLE " + target.schema + "." + target.table).c_str()});
}

}  // namespace

DestinationKind attached_kind() {
  return {.name = "attached",
          .options = [](const std::string& folder) { return DestinationOptions{.url = folder + "/attached.duckdb"}; },
          .read = read_from_duckdb,
          .drop_table = drop,
          .make = make};
}

}  // namespace walbrook::contract
