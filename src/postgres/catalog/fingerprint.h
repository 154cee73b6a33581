// A fingerprint holds what the catalog reports about a published table, as far as it reveals that rows may have
// appeared, disappeared or changed without a message in the stream. The comparison of two fingerprints decides what a
// difference means.
//
// The following was tried on PostgreSQL 14 to 18 (test/integration/postgres/fingerprint_test.cpp repeats it on each of
// them):
//   * Every rewrite gives the table a new file node. So do TRUNCATE, VACUUM FULL, CLUSTER, SET TABLESPACE and
//     pg_repack.
//   * A rewrite that changes values (ALTER TYPE … USING, SET EXPRESSION) also writes the column's pg_attribute row
//     again, in the same transaction. SET STATISTICS, SET STORAGE, SET NOT NULL, column grants, defaults, INHERIT and
//     ATTACH write that row too, but keep the file node: they change no rows.
//   * VACUUM FULL and CLUSTER write pg_attribute rows only where they clear atthasmissing. They keep the column's
//     pg_attrdef row, while ALTER TYPE replaces it by one with another OID.
//   * DROP COLUMN and ADD COLUMN of the same name leave the file node unchanged. The attribute number is new.
//   * ADD COLUMN without a default keeps the file node, and the column is NULL in old rows. With a constant or stable
//     default it keeps the file node and sets atthasmissing, which a rewrite clears, and attmissingval, which nothing
//     changes until then; with a volatile one, an identity or a stored generated column it rewrites. Partitions have an
//     atthasmissing of their own.
//   * RENAME COLUMN keeps the attribute number and the file node. So does ALTER TYPE to more characters, digits or
//   bits,
//     and between text and varchar: every value prints as before.
//   * Row versions (xmin) survive VACUUM FULL and FREEZE of the catalogs. The version of the table's pg_class row
//     proves nothing by itself, because GRANT, OWNER and triggers change it. If it is the transaction of a TRUNCATE
//     that the stream brought, then that TRUNCATE was the last command to give the table a new file.
//   * SET SCHEMA writes the pg_depend row that ties the table to its schema, and nothing else does. A table that left a
//     published schema and came back has another version of that row.
//   * ATTACH PARTITION writes the pg_attribute row of every column again, which it marks as inherited. After CREATE
//   TABLE
//     … PARTITION OF, the row of a column without a default is the one that the table was created with: the command
//     (cmin) that wrote the system columns' rows wrote it too.
//
// Two things remain invisible: a TRUNCATE in the same transaction as SET UNLOGGED, a load and SET LOGGED; and what an
// output function reads from elsewhere (a renamed table in a regclass column).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/source_type.h"

namespace walbrook {
struct SourceColumn;
struct TableSchema;
}  // namespace walbrook

namespace walbrook::postgres {

using RowVersion = std::uint32_t;  // xmin of a catalog row: the transaction that wrote it

struct Fingerprint {
  // How the publication reaches the table. A table that it names cannot be made UNLOGGED in the meantime, but the
  // leaves of that table can.
  enum class Reach : char { named = 'n', schema = 's', all = 'a' };
  struct Column {
    std::int32_t number = 0;  // attnum
    std::string name;
    Oid type = 0;
    std::int32_t typmod = -1;
    RowVersion version = 0;
    // atthasmissing: rows from before ADD COLUMN … DEFAULT do not store the value. Of a partitioned table: that of a
    // partition's column of the same name.
    bool has_missing = false;
    Oid default_row = 0;          // OID of its pg_attrdef row; 0 = none
    std::int64_t properties = 0;  // hash of what does not affect values: statistics, storage, NOT NULL, grants, …
  };
  // A relation below a partitioned table: a leaf, or a table that is partitioned itself.
  struct Member {
    Oid oid = 0;
    Oid file = 0;                     // relfilenode; 0 = partitioned
    RowVersion attached = 0;          // version of its pg_inherits row
    bool created_attached = false;    // by CREATE TABLE … PARTITION OF: it was empty then
    char identity = 'd';              // relreplident
    std::vector<RowVersion> written;  // versions of its pg_class row and of its TOAST table's
    bool unseen = false;              // unlogged or foreign: its changes are in no log
  };

  std::string publication;  // OIDs and versions of the catalog rows that publish it
  Reach reach = Reach::named;
  bool via_root = false;
  Oid schema = 0;
  RowVersion schema_version = 0;  // of its pg_depend row
  Oid file = 0;                   // relfilenode; 0 = partitioned
  // Versions of its pg_class row and of its TOAST table's.
  std::vector<RowVersion> written;
  std::string identity;  // relreplident and the index
  std::vector<Column> columns;
  std::int32_t attributes = 0;  // relnatts: the newest attribute number that was given, be it to a dropped column
  std::vector<Member> members;  // sorted by OID
  // OIDs and versions of walbrook's event triggers (ddl_trigger.h); empty = there are none. While it stays the same,
  // the stream brings a description of the table for every command that altered it.
  std::string ddl_trigger;
  // Hashes of the attributes of the composite types in its columns, by the types of these columns.
  std::map<Oid, std::string> composites;
  std::map<Oid, std::map<Oid, std::string>> enums;  // labels by their OIDs, of the enum types in its columns
};

// Parses a fingerprint as read_publication writes it. Throws Error(destination) if the text is malformed, because the
// text comes from a destination's state.
[[nodiscard]] Fingerprint parse_fingerprint(std::string_view json);

struct Difference {
  enum class Kind {
    none,       // no row can have changed without a message
    in_place,   // columns were added, renamed or widened, and no row was written again
    ambiguous,  // a rewrite that looks the same whether rows changed or not
    missed,     // rows may have changed without a message
    reshaped,   // as `missed`, and rows that arrive now do not fit the target table
  };
  Kind kind = Kind::none;
  std::string reason{};  // for people
  // The difference is ambiguous only until a TRUNCATE arrives that explains it.
  bool may_be_truncate = false;
  // For `in_place`: there are new columns and nothing else, they are NULL in all rows of before, and the table never
  // had a dropped column, perhaps of the same name.
  bool adds_empty_columns = false;
};

// A column as rows have it.
struct ColumnSeen {
  std::int32_t number = 0;  // attnum; 0 = unknown
  std::string name;
  Oid type = 0;
  std::int32_t typmod = -1;
};
// Returns the fingerprint `before` with these columns: they came with rows, ahead of whatever else differs in `now`.
// Both are JSON.
[[nodiscard]] std::string with_columns(const std::string& before, const std::string& now,
                                       std::span<const ColumnSeen> seen);

// Returns the fingerprint `before` as a command left it that altered the table. `description` is the text that an event
// trigger sent of the table (table_description.h). Both are JSON.
[[nodiscard]] std::string with_description(const std::string& before, const std::string& description);
// Returns the fingerprint without ddl_trigger: what the stream brings is no continuation of it.
[[nodiscard]] std::string without_ddl_trigger(const std::string& fingerprint);
// Whether the columns, with these attribute numbers, are columns of the fingerprint.
[[nodiscard]] bool has_columns(const Fingerprint& print, const TableSchema& columns,
                               std::span<const std::int32_t> numbers);
// The same, or they were columns of the table before the fingerprint and are dropped.
[[nodiscard]] bool has_known_columns(const Fingerprint& print, const TableSchema& columns,
                                     std::span<const std::int32_t> numbers);
// Whether every command that altered the table between the two fingerprints has brought a description. With partitions:
// only if their rows come with the columns of the root.
[[nodiscard]] bool is_described_between(const Fingerprint& before, const Fingerprint& now);

// What a comparison passes over, because the stream brings it.
struct PassedOver {
  bool columns = false;
  bool files = false;  // every rewrite that changes rows is described: another file proves nothing
};

// Compares the fingerprints of one table at two times, and returns what may have happened to its rows in between.
// `columns`: the columns that are copied now; names and types of other columns do not matter. `truncates`: transactions
// whose TRUNCATE of the whole table the stream has brought.
[[nodiscard]] Difference compare(const Fingerprint& before, const Fingerprint& now,
                                 std::span<const SourceColumn> columns, std::span<const RowVersion> truncates,
                                 PassedOver passed_over = {});

}  // namespace walbrook::postgres
