// What stands in the destination, durable, as the auditor looks at it: plain text, no type of the engine's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/lsn.h"

namespace walbrook::sim {

struct ReplicaTable {
  std::uint32_t oid = 0;  // in the source
  std::string name;
  bool is_streaming = false;
  bool has_left = false;  // it is no longer published, and keeps what it has
  Lsn seam;               // the consistent point of the copy that it was made from
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // cells as PostgreSQL prints them
};

struct ReplicaState {
  std::uint64_t commits = 0;  // of the destination: equal numbers, equal states
  Lsn checkpoint;
  std::vector<ReplicaTable> tables;
};

}  // namespace walbrook::sim
