// Requests to copy a part of a table again: `walbrook resync TABLE --where CONDITION`.
//
// The output goes on streaming. Its rows that satisfy the condition are replaced by those that the source has at one
// consistent point, and changes that committed later are applied on top (part_apply.h). What holds after that: the
// target has exactly the source's rows among all rows whose key satisfies the condition.
//
// The condition may use columns of the key alone. Only then is it known of a row of the target, too, whether it
// satisfies the condition: its key is a value that the source can be asked about, however wrong its other columns are.
//
// The request is kept in the output's record (OutputRecord::resync_where) until the load that applies the part removes
// it. After a crash the next run reads the part once more. A whole copy that begins meanwhile replaces the request.
#pragma once

#include <string>
#include <string_view>

#include "destination/destination.h"
#include "postgres/catalog/table_name.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

// The table's columns as its copy has them. Throws Error(configuration) if no part of the table can be copied again:
// what check_request throws; it is not streaming; it has several outputs, or one that keeps every change; it has no
// key, or a key of a type that cannot be compared at the source.
TableSchemaRef check_part_request(const destination::State& known, const postgres::TableName& name);

// Adds the request to a record that check_part_request accepts. The rows of an earlier request that is not done yet are
// copied as well.
void add_part_request(const std::string& where, OutputRecord& record);

// Stores the request durably and in one load, at a destination that no run has open. Throws what check_part_request
// throws, and what the destination throws.
void store_part_request(destination::Destination& destination, const postgres::TableName& name,
                        const std::string& where);

// Makes the request in `sync`. REQUIRES: check_part_request accepts it.
RecordChanges request_part(TableSync& sync, const postgres::TableName& name, const std::string& where);

}  // namespace walbrook::replication
