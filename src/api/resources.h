// The contents of the resources.
#pragma once

#include <string>
#include <vector>

#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"
#include "replication/setup/run_options.h"
#include "walbrook/replication_resource.h"
#include "walbrook/snapshot_resource.h"

namespace walbrook {

namespace api {

// What an option keyless_inserts means to a run.
[[nodiscard]] constexpr replication::Keyless keyless_of(bool inserts) {
  return inserts ? replication::Keyless::inserts : replication::Keyless::leave_out;
}

}  // namespace api

struct SnapshotResource::Parts {
  std::string conninfo, slot, publication;
  postgres::TableName table;  // with its selected columns; empty = all
  ColumnOverrides overrides;
  replication::Keyless keyless = replication::Keyless::leave_out;
  bool standby = false;
};

struct ReplicationResource::Parts {
  std::string name;
  std::string conninfo, slot, publication;
  std::vector<postgres::TableName> include_columns;  // a schema may be ""
  TableColumnOverrides columns;
  std::vector<postgres::TableName> tables;  // a schema may be ""; empty = all
  std::uint32_t target_batch_size = 1000;
  bool flush_slot = true;
  replication::Keyless keyless = replication::Keyless::leave_out;
  bool standby = false;
};

}  // namespace walbrook
