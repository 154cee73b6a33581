// Reads [pipelines.NAME.tables.overrides.COLUMN] as column overrides.
#pragma once

#include "cli/command_line.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::cli {

// Adds the overrides of the table's columns to `run.overrides`.
void read_overrides(const config::TableSetting& table, const postgres::TableName& name, replication::RunOptions& run);

}  // namespace walbrook::cli
