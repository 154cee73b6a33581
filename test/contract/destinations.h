// The destinations that the contract test runs over. A new destination gets an entry in `kinds` and must pass
// unchanged.
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
  // Returns options for a destination in `folder`. REQUIRES: the folder is empty when the destination is first opened.
  destination::DestinationOptions (*options)(const std::string& folder);
  // Returns what readers see of the table: the columns of its record, in order. Throws Error if there is no such table.
  std::vector<std::vector<Cell>> (*read)(destination::Destination& destination, const destination::OutputRecord& table);
  // Drops the target table as somebody else would. REQUIRES: the destination is closed.
  void (*drop_table)(const destination::DestinationOptions& options, const destination::TargetName& target);
  // Returns what keeps the data while a test closes and reopens the destination, and removes it when the test ends;
  // nullptr: the data is in the folder.
  std::shared_ptr<void> (*keep)(const destination::DestinationOptions& options) = nullptr;
  // Makes the destination, without opening it.
  std::unique_ptr<destination::Destination> (*make)(const destination::DestinationOptions& options) =
      destination::open_destination;
  // True if another process sees what was committed, so that a test may kill a process.
  bool outlives_processes = true;

  friend void PrintTo(const DestinationKind& kind, std::ostream* out) { *out << kind.name; }
};

// Those that need no server (destinations.cpp).
[[nodiscard]] const std::vector<DestinationKind>& local_kinds();
// All of them (all_kinds.cpp).
[[nodiscard]] const std::vector<DestinationKind>& kinds();

}  // namespace walbrook::contract
