// The destinations that the contract test runs over. A new one gets an entry in `kinds` and must pass as it is.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "destination/open_destination.h"
#include "test/contract/rows.h"

namespace walbrook::contract {

struct DestinationKind {
  std::string name;
  // Options for a destination in `folder`, which is empty at first.
  destination::DestinationOptions (*options)(const std::string& folder);
  // What readers see of the table: the columns of its record, in their order. Throws Error where there is no such
  // table.
  std::vector<std::vector<Cell>> (*read)(destination::Destination& destination, const destination::OutputRecord& table);
  // What the destination keeps, held while a test closes it and opens it again; nullptr: it is in the folder.
  std::shared_ptr<void> (*keep)(const destination::DestinationOptions& options) = nullptr;

  // Another process finds what was committed: a test may kill one.
  [[nodiscard]] bool outlives_processes() const { return keep == nullptr; }
  friend void PrintTo(const DestinationKind& kind, std::ostream* out) { *out << kind.name; }
};

[[nodiscard]] const std::vector<DestinationKind>& kinds();

}  // namespace walbrook::contract
