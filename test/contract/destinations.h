// The destinations that the contract test runs over. A new one gets a line in `kinds` and must pass as it is.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "destination/open_destination.h"

namespace walbrook::contract {

struct DestinationKind {
  std::string name;
  // Options for a destination in `folder`, which is empty at first.
  destination::DestinationOptions (*options)(const std::string& folder);
  friend void PrintTo(const DestinationKind& kind, std::ostream* out) { *out << kind.name; }
};

inline const std::vector<DestinationKind> kinds = {
    {"duckdb",
     [](const std::string& folder) {
       return destination::DestinationOptions{.url = folder + "/copy.duckdb", .pipeline = "walbrook"};
     }},
};

}  // namespace walbrook::contract
