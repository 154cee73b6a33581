// What a user requests for tables of a pipeline: `walbrook resync`, `suspend` and `resume`.
//
//   resync    The tables are copied again, and the new copy takes the place of the old one (table_sync.h).
//             With a condition, a part of one table is copied again (part_request.h).
//   suspend   The tables are `suspended` by request: their changes are no longer applied, and their rows stay as they
//             are, as of a whole number of transactions. Nothing ends that but a request: no start of a run, no
//             catalog poll and no retry.
//   resume    Suspended tables are copied again, whoever suspended them.
//
// A run that is at work takes the request through its local socket, between two loads. Without one, the request is
// stored as the state of the outputs, for the next run.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::replication {

enum class Requested { resync, suspend, resume };
[[nodiscard]] std::string_view to_string(Requested what);   // "resync": the command, and the path of the request
[[nodiscard]] std::string_view done_word(Requested what);   // "resynced"
[[nodiscard]] std::string_view reason_for(Requested what);  // of the records: "a resync was requested"

// Throws Error(configuration) for the first of `names` that the request cannot be made for. For all of them: it is
// unknown, is left out of the publication, has left it, was removed, or has no source. Suspend: it is suspended by
// request already. Resume: it is not suspended.
void check_request(Requested what, const destination::State& known, const std::vector<postgres::TableName>& names);

// Stores the request in the outputs of these tables, durably and in one load, at a destination that no run has open.
// Throws what check_request throws, and what the destination throws.
void store_request(Requested what, destination::Destination& destination,
                   const std::vector<postgres::TableName>& names);

// The request changes the record, whose table it names: another output of the table may be in another state.
[[nodiscard]] bool concerns(Requested what, const destination::OutputRecord& record);
// Puts the request into a record that it concerns.
void apply_request(Requested what, destination::OutputRecord& record);

// A request to a run. Any thread makes it; the loader's thread answers it.
struct TableRequest {
  struct Answer {
    std::mutex mutex;            // guards the two fields below
    bool durable = false;        // the request is stored
    std::exception_ptr refused;  // what check_request threw; null: nothing
  };
  Requested what = Requested::resync;
  std::vector<postgres::TableName> tables;
  std::string where{};  // of resync: copies a part of the only table (part_request.h); empty = whole tables
  std::shared_ptr<Answer> answer;
};

}  // namespace walbrook::replication
