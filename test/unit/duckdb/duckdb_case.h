// A DuckDB file in a folder of its own, and queries of what is in it.
#pragma once

#include <string>
#include <vector>

#include "test/contract/fixture.h"

namespace walbrook::contract {

class DuckDbCase : public DestinationCase {
 protected:
  DuckDbCase() : DestinationCase(kinds().front()) {}

  [[nodiscard]] std::string file() const { return folder() + "/copy.duckdb"; }
  // Rows of a query as text: cells joined by '|', NULL as "-".
  [[nodiscard]] Strings ask(const std::string& sql);
  [[nodiscard]] static Strings ask(destination::ReadSession& session, const std::string& sql);
};

}  // namespace walbrook::contract
