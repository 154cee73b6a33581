// A database of a server for each test that needs one, by the test's folder.
#pragma once

#include <memory>
#include <string>

#include "destination/open_destination.h"
#include "test/support/postgres_server.h"

namespace walbrook::contract {

// Returns the database of the test in that folder, which it creates at the first call.
[[nodiscard]] test::ScratchDatabase& scratch_database(const std::string& folder);
[[nodiscard]] std::string scratch_conninfo(const std::string& folder);
// Returns what drops the database that the destination's URL names when the test ends (DestinationKind::keep).
[[nodiscard]] std::shared_ptr<void> keep_scratch_database(const destination::DestinationOptions& options);

}  // namespace walbrook::contract
