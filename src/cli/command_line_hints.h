// [pipelines.NAME.tables.hints.COLUMN] as column hints.
#pragma once

#include "cli/command_line.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::cli {

// What is asked of the table's columns goes to `run.hints`.
void read_hints(const config::TableSetting& table, const postgres::TableName& name, replication::RunOptions& run);

}  // namespace walbrook::cli
