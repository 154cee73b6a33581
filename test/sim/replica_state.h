// What is durable in the destination, as the auditor reads it: plain text, without any type of the engine.
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
  std::string target_schema, target_name;
  bool is_streaming = false;
  bool is_suspended = false;  // by request
  bool is_leaving = false;    // it is no longer published, and still gets what was published before
  bool has_left = false;      // it is no longer published, and keeps its rows
  std::string part;           // the condition of a part that is to be copied again; "": none
  bool is_suspect = false;    // the engine says that rows may differ
  bool is_described = false;  // it follows the descriptions that the stream brings
  Lsn seam;                   // the consistent point of the copy that it was created from
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // cells as PostgreSQL prints them
};

struct ReplicaState {
  std::uint64_t commits = 0;  // of the destination: equal numbers mean equal states
  Lsn checkpoint;
  std::vector<ReplicaTable> tables;
};

}  // namespace walbrook::sim
