// walbrook replicates PostgreSQL tables into a DuckDB file or another database, transaction by transaction.
//
//   #include <walbrook/walbrook.h>
//
//   auto pipeline = walbrook::pipeline({.pipeline_name = "shop", .dataset_name = "shop_data"});
//   pipeline.run(walbrook::init_replication({.slot_name = "shop", .pub_name = "shop", .table_names = "orders",
//                                            .persist_snapshots = true}));              // the initial load
//   pipeline.run(walbrook::replication_resource({.slot_name = "shop", .pub_name = "shop"}));  // and the changes since
//
// Every function throws walbrook::Error when it fails. Functions may be called from any thread; an object may be used
// by one thread at a time, unless its header states otherwise. Warnings go to stderr; RUNTIME__LOG_LEVEL (debug, info,
// warning, error, off) sets how much is logged.
#pragma once

#include "walbrook/arrow.h"
#include "walbrook/change_batches.h"
#include "walbrook/columns.h"
#include "walbrook/credentials.h"
#include "walbrook/error.h"
#include "walbrook/init_replication.h"
#include "walbrook/load_info.h"
#include "walbrook/pipeline.h"
#include "walbrook/progress.h"
#include "walbrook/query_options.h"
#include "walbrook/remedy.h"
#include "walbrook/replication_resource.h"
#include "walbrook/snapshot_resource.h"
#include "walbrook/table_names.h"
#include "walbrook/version.h"
