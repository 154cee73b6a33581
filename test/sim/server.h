// A model of a PostgreSQL server: tables, open transactions, the write-ahead log, and one replication slot.
//
// This header holds the data. transactions.h changes rows, alterations.h changes the catalog, walsender.h reads the
// log, and snapshots.h reads what is committed.
//
// Rows are stored twice: `working` holds what open transactions wrote, under their locks; `committed` holds what a new
// snapshot sees. Locks are those of PostgreSQL: no other transaction can write a row that an open transaction wrote or
// take a key that it freed, and TRUNCATE and ALTER TABLE require that no other transaction writes the table and no copy
// reads it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/lsn.h"
#include "model/source_type.h"
#include "test/sim/ledger.h"
#include "test/sim/tally.h"

namespace walbrook::sim {

using Xid = std::uint32_t;
using Cell = std::optional<std::string>;  // as PostgreSQL prints it; nullopt: NULL
using Cells = std::vector<Cell>;
using RowId = std::uint64_t;
using Rows = std::map<RowId, Cells>;

struct ModelColumn {
  int number = 0;  // attnum
  std::string name;
  Oid type = 0;
  bool in_primary_key = false;
  Xid version = 0;      // the transaction that wrote its pg_attribute row
  Cell missing{};       // the value of rows from before it was added, until a rewrite stores it in them
  Oid default_row = 0;  // OID of its pg_attrdef row; 0: it has no default
};

// A table as the catalog describes it. Every alteration creates a new shape.
struct Shape {
  Oid oid = 0;
  std::string name;  // in schema public
  char identity = 'd';
  std::vector<ModelColumn> columns;
  int attributes = 0;             // the newest column number that was given
  std::set<std::string> names{};  // of all columns that were added or renamed
  std::uint64_t version = 0;      // grows over all tables
};
using ShapeRef = std::shared_ptr<const Shape>;

// Returns the row in the form of the ledger.
[[nodiscard]] std::string ledger_row(const Shape& shape, const Cells& cells);
[[nodiscard]] std::vector<std::string> ledger_columns(const Shape& shape);
[[nodiscard]] std::vector<std::string> ledger_rows(const Shape& shape, const Rows& rows);

// What a transaction finds in the catalog about a table.
struct CatalogRow {
  ShapeRef shape;
  Oid file = 0;     // relfilenode
  Xid written = 0;  // xmin of its pg_class row
};

// The base holds what the holder of ACCESS EXCLUSIVE sees, or anybody if there is none.
struct ModelTable : CatalogRow {
  CatalogRow committed_row;
  Xid published = 0;  // xmin of its pg_publication_rel row; 0: not published
  Rows working;
  Rows committed;
  std::map<RowId, Xid> row_locks;         // by top-level transaction
  std::map<std::string, Xid> freed_keys;  // by open transactions, which may still roll back
  std::set<Xid> writers;                  // open transactions that wrote to it
  Xid exclusive = 0;                      // the holder of ACCESS EXCLUSIVE
  int copy_locks = 0;                     // ACCESS SHARE locks of copies
};

// One change of rows in the log, or a message at its place among them.
struct Change {
  enum class Kind { insert, update, remove, truncate, message } kind = Kind::insert;
  ShapeRef table;
  Cells before;                  // of update and remove: the whole old row
  Cells after;                   // of insert and update
  std::vector<bool> unchanged;   // of update: large values that were not written again
  std::vector<ShapeRef> tables;  // of truncate: the published ones
  std::string message{};         // of message: its content
  bool sent = true;              // the table was published when it was written
};

struct WalRecord {
  enum class Kind { change, alteration, rollback_to, commit, rollback, prepare, commit_prepared, rollback_prepared };
  Kind kind = Kind::change;
  Lsn at;   // where it starts
  Lsn end;  // where the next one starts
  Xid xid = 0;
  Xid subxid = 0;                // that wrote it; equals xid at the top level
  std::vector<Xid> rolled_back;  // of rollback_to: the savepoint, and those released within it
  Oid altered = 0;               // of alteration: the table; 0: the publication
  std::int64_t time = 0;
  Lsn prepared_at;   // of commit_prepared and rollback_prepared: where the prepare record starts
  Lsn prepared_end;  // and where it ends
  std::optional<Change> change;
};

struct OpenTransaction {
  Xid xid = 0;
  struct Savepoint {
    Xid subxid = 0;
    std::size_t undo = 0;       // entries of `undo` before it
    std::size_t entries = 0;    // entries of `entries` before it
    std::vector<Xid> released;  // savepoints released within it, which are rolled back with it
  };
  std::vector<Savepoint> savepoints;
  struct Undo {
    Oid table = 0;
    RowId row = 0;
    std::optional<Cells> before;  // nullopt: the row did not exist
    // Of TRUNCATE and ALTER TABLE: what there was before it.
    std::optional<Rows> all{};
    CatalogRow catalog{};
  };
  std::vector<Undo> undo;
  struct Entry {
    LedgerEntry ledger;
    RowId row = 0;
    std::optional<Cells> after;
    // Of TRUNCATE and ALTER TABLE: what there is after it.
    std::optional<Rows> all{};
    CatalogRow catalog{};
  };
  std::vector<Entry> entries;  // its changes, without those rolled back
  std::set<Oid> tables;
  Lsn prepared_at;  // not set: it is not prepared
  Lsn prepared_end;

  [[nodiscard]] Xid subxid() const { return savepoints.empty() ? xid : savepoints.back().subxid; }
  [[nodiscard]] bool is_prepared() const { return prepared_at.is_set(); }
};

// walbrook's event triggers.
struct DdlTrigger {
  bool describes = false;  // commands that alter a table send its description
  Xid version = 0;         // xmin of their catalog rows
  // They are pending until the transactions that were open when they were created have ended.
  [[nodiscard]] bool is_complete(Xid oldest_open) const { return describes && oldest_open >= version; }
};

// The slot that the engine reads.
struct Slot {
  Lsn confirmed;  // the position that the server knows now
  Lsn flushed;    // the position that it knows after its own crash
  bool two_phase = false;
};

struct Server {
  Tally* tally = nullptr;  // borrowed
  std::map<Oid, ModelTable> tables;
  std::map<Xid, OpenTransaction> open;  // includes prepared ones
  std::vector<WalRecord> wal;
  Ledger ledger;
  Slot slot;
  DdlTrigger trigger;
  Lsn end{0x1000000};  // where the next record starts
  Xid next_xid = 700;
  Oid next_oid = 20000;
  std::uint64_t next_row = 1;
  std::uint64_t next_shape = 1;
  std::int64_t time = 1'700'000'000'000'000;  // microseconds since 1970
  Lsn newest_seam;                            // the consistent point of the newest copy's snapshot
  Oid newest_copied = 0;                      // the table whose copy ended last; 0 = it was altered since
  bool sends_empty = false;                   // servers before 15 send transactions without published changes

  // Writes a record of `bytes` bytes and returns it with `at` and `end` set.
  WalRecord& write(WalRecord record, std::size_t bytes);
  [[nodiscard]] Xid oldest_open_xid() const;
};

}  // namespace walbrook::sim
