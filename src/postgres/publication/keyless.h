// walbrook's second publication: tables without replica identity, of which INSERT and TRUNCATE are published.
//
// Publishing UPDATE or DELETE of such a table makes these statements fail in the source, so walbrook's own publication
// leaves it out. With `--keyless inserts` it is in this publication, which has publish = 'insert, truncate': the
// application is not affected, new rows arrive, and updates and deletes are not followed. Its comment marks it as
// walbrook's. It is created with the first publication, before the slot, because PostgreSQL before 18 cannot decode a
// change with a publication that is younger than the change.
#pragma once

#include <string>
#include <vector>

#include "postgres/catalog/catalog.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// Returns the name of the second publication that belongs to `name`: "walbrook_shop_keyless". It has at most 63 bytes.
[[nodiscard]] std::string keyless_name(const std::string& name);

// Returns the name of the second publication of one of `list` (base/publication_list.h), if walbrook created it;
// otherwise "".
[[nodiscard]] std::string find_keyless_publication(Connection& catalog, const std::string& list);

// Creates the second publication without tables; KeptPublication adds them. `name` is the first publication's. Throws
// Error(permission_denied) with the SQL if the role may not create it, and Error(source_not_ready) if somebody else has
// created one of that name.
void create_keyless_publication(Connection& catalog, const std::string& name);

// Drops the second publication of each of `list`, if there is one and walbrook created it.
void drop_keyless_publication(Connection& catalog, const std::string& list);

// The tables of the second publication as they are now.
struct KeylessTables {
  std::vector<SourceTable> staying;  // without replica identity; row_identity says what they lack
  std::vector<SourceTable> leaving;  // they have one now
};
[[nodiscard]] KeylessTables find_keyless_tables(Connection& catalog, const std::string& name);

// Returns what SourceTable::partial says of a table.
[[nodiscard]] std::string partial_text(const TableIdentity& identity);

// Returns the table as it is listed in a publication, with its column list.
[[nodiscard]] PublishableTable as_publishable(const SourceTable& table);

}  // namespace walbrook::postgres
