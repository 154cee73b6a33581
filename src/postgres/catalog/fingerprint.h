// A fingerprint: what the catalog says of a published table, as far as it tells that rows may have come, gone or
// changed without a message in the stream. And the comparison of two of them, which decides what such a difference
// means.
//
// What was tried on PostgreSQL 14 to 18 (test/integration/postgres/fingerprint_test.cpp tries it again on each of
// them):
//   * Every rewrite gives the table a new file node; so do TRUNCATE, VACUUM FULL, CLUSTER, SET TABLESPACE and
//   pg_repack.
//   * A rewrite that changes values (ALTER TYPE … USING, SET EXPRESSION) also writes the column's pg_attribute row
//   again,
//     in the same transaction. SET STATISTICS, SET STORAGE, SET NOT NULL, column grants, defaults, INHERIT and ATTACH
//     write that row too, but keep the file node: rows are as they were.
//   * VACUUM FULL and CLUSTER write pg_attribute rows only where they clear atthasmissing. The column's pg_attrdef row
//     stays then, while ALTER TYPE makes it again with another OID.
//   * DROP COLUMN and ADD COLUMN of the same name leave the file node alone; the attribute number is new.
//   * Row versions (xmin) outlive VACUUM FULL and FREEZE of the catalogs. That of the table's pg_class row tells
//   nothing by
//     itself (GRANT, OWNER and triggers change it), but where it is the transaction of a TRUNCATE that the stream
//     brought, that TRUNCATE was the last to give the table a new file.
//   * SET SCHEMA writes the pg_depend row that ties the table to its schema, and nothing else does: a table that left a
//     published schema and came back has another version of it.
//   * CREATE TABLE … PARTITION OF inserts the pg_inherits row two commands after the new table's attributes; between
//     CREATE TABLE and ATTACH PARTITION in one transaction lie eight or more.
//
// What stays in the dark: a TRUNCATE in the same transaction as SET UNLOGGED, a load and SET LOGGED; what an output
// function reads from elsewhere (a renamed table in a regclass column).
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
}  // namespace walbrook

namespace walbrook::postgres {

using RowVersion = std::uint32_t;  // xmin of a catalog row: the transaction that wrote it

struct Fingerprint {
  // How the publication reaches the table. One that it names cannot be made UNLOGGED meanwhile, its leaves can.
  enum class Reach : char { named = 'n', schema = 's', all = 'a' };
  struct Column {
    std::int32_t number = 0;  // attnum
    std::string name;
    Oid type = 0;
    std::int32_t typmod = -1;
    RowVersion version = 0;
    bool has_missing = false;     // atthasmissing: rows from before ADD COLUMN … DEFAULT do not hold the value
    Oid default_row = 0;          // of its pg_attrdef row; 0 = none
    std::int64_t properties = 0;  // hash of what does not touch values: statistics, storage, NOT NULL, grants, …
  };
  // A relation below a partitioned table: a leaf, or partitioned itself.
  struct Member {
    Oid oid = 0;
    Oid file = 0;                     // relfilenode; 0 = partitioned
    RowVersion attached = 0;          // of its pg_inherits row
    bool created_attached = false;    // by CREATE TABLE … PARTITION OF: it was empty when it came
    char identity = 'd';              // relreplident
    std::vector<RowVersion> written;  // of its pg_class row, and of that of its TOAST table
    bool unseen = false;              // unlogged or foreign: its changes are in no log
  };

  std::string publication;  // OIDs and row versions of what publishes it
  Reach reach = Reach::named;
  bool via_root = false;
  Oid schema = 0;
  RowVersion schema_version = 0;  // of the pg_depend row
  Oid file = 0;                   // relfilenode; 0 = partitioned
  std::vector<RowVersion> written;
  std::string identity;  // relreplident and the index
  std::vector<Column> columns;
  std::vector<Member> members;  // by OID
  std::string composites;       // hash of the attributes of composite types that its columns consist of
  std::map<Oid, std::map<Oid, std::string>> enums;  // labels by their OIDs, of enum types that its columns consist of
};

// As read_publication has it. Throws Error(destination) for malformed text: it comes out of a destination's state.
[[nodiscard]] Fingerprint parse_fingerprint(std::string_view json);

struct Difference {
  enum class Kind {
    none,       // no row can have changed without a message
    ambiguous,  // a rewrite that looks the same whether rows changed or not
    missed,     // rows may have changed without a message
    reshaped,   // the same, and rows that come now do not fit the target table
  };
  Kind kind = Kind::none;
  std::string reason{};  // for people
  // It is ambiguous only as long as no TRUNCATE comes that explains it.
  bool may_be_truncate = false;
};

// What may have happened to rows between two looks. `columns`: what is copied of the table now; of others neither a
// name nor a type matters. `truncates`: transactions whose TRUNCATE of the whole table the stream has brought.
[[nodiscard]] Difference compare(const Fingerprint& before, const Fingerprint& now,
                                 std::span<const SourceColumn> columns, std::span<const RowVersion> truncates);

}  // namespace walbrook::postgres
