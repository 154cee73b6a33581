// Slots. Publication and slot are all that walbrook creates in the source.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "postgres/catalog/catalog.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::postgres {

struct SlotState {
  std::string name;
  std::string plugin;
  std::string database;
  bool logical = false;
  bool temporary = false;
  std::int64_t active_pid = 0;  // 0: nobody reads it
  Lsn restart_lsn;
  Lsn confirmed_flush_lsn;
  bool two_phase = false;           // prepared transactions are decoded when they are prepared; cannot be undone
  bool failover = false;            // 17+: standbys can synchronize it
  std::string wal_status;           // "reserved", "extended", "unreserved", "lost"
  std::string invalidation_reason;  // the server's word (17), or "conflicting" (16); "" otherwise
  std::int64_t retained_bytes = 0;  // write-ahead log that it holds back
};
[[nodiscard]] std::optional<SlotState> read_slot(Connection& catalog, const std::string& name);

// A transaction that the creation of a slot waits for. Every transaction that is writing at that time must end first.
// On a standby, whose transactions are the primary's, `what` alone says what is waited for.
struct OpenWriter {
  std::int64_t pid = 0;  // 0: a prepared transaction
  std::string prepared_gid;
  std::string what;  // "pid 4711 (app \"psql\", user joe, idle in transaction for 12 s)"
};
// A callback that is called about once a second while the creation waits.
using WaitingFor = std::function<void(const std::vector<OpenWriter>&)>;
// Returns a text such as "the end of transactions that are writing in the source: pid 4711 (app "psql", …), prepared
// transaction "x"".
[[nodiscard]] std::string waiting_text(const std::vector<OpenWriter>& writers);

// Transactions that the creation of a slot waits for did not end within SlotWait::longest. The error names them, and
// nothing is left of the attempt.
class WritersStayOpen : public Error {
 public:
  explicit WritersStayOpen(const Error& error) : Error(error) {}
};

// How the creation of a slot waits for open writers.
struct SlotWait {
  WaitingFor report{};
  milliseconds longest{0};  // 0 = no limit
};

struct CreatedSlot {
  std::string slot_name;
  Lsn consistent_point;
  std::string snapshot_name;  // empty unless exported; valid until the replication connection runs another command
};
struct NewSlot {
  std::string name;
  bool two_phase = false;  // 15+
  bool failover = false;   // 17+
};
// Both create a slot over a replication connection. They throw WritersStayOpen; `stop` ends the wait with Stopped.
CreatedSlot create_permanent_slot(Connection& replication, const Endpoint& endpoint, const NewSlot& slot,
                                  const SlotWait& wait, std::stop_token stop);
CreatedSlot create_snapshot_slot(Connection& replication, const Endpoint& endpoint, const SlotWait& wait,
                                 std::stop_token stop);
// Makes an existing slot a failover slot. Waits up to `longest` for a process that reads the slot, then throws
// Error(source_not_ready). REQUIRES: a server of version 17 or later.
void make_failover_slot(Connection& catalog, Connection& replication, const std::string& name, milliseconds longest,
                        const std::stop_token& stop);
// Does nothing if there is no such slot.
void drop_slot(Connection& catalog, const std::string& name);

}  // namespace walbrook::postgres
