// A DuckDB file in a new folder, and queries of its contents.
#pragma once

#include <string>
#include <vector>

#include "test/contract/fixture.h"

namespace walbrook::contract {

class DuckDbCase : public DestinationCase {
 protected:
  explicit DuckDbCase(const DestinationKind& kind = local_kinds().front()) : DestinationCase(kind) {}

  [[nodiscard]] std::string file() const { return folder() + "/copy.duckdb"; }
  // Returns the rows of a query as text: cells joined by '|', NULL as "-".
  [[nodiscard]] Strings ask(const std::string& sql);
  [[nodiscard]] static Strings ask(destination::ReadSession& session, const std::string& sql);
};

}  // namespace walbrook::contract
