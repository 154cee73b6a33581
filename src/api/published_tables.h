// Resolves names of tables against slot and publication as they are now, before anything is read or written.
#pragma once

#include <string>
#include <vector>

#include "destination/open_destination.h"
#include "postgres/catalog/catalog.h"
#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"
#include "replication/setup/column_overrides.h"
#include "replication/setup/run_options.h"
#include "walbrook/columns.h"

namespace walbrook::api {

class PublishedTables {
 public:
  // Throws Error(source_not_ready) if the slot or the publication does not exist. With Keyless::inserts, the tables of
  // walbrook's second publication count as well, as soon as the slot can send their changes.
  PublishedTables(const std::string& conninfo, const std::string& slot, const std::string& publication,
                  replication::Keyless keyless);

  // The publications whose tables these are (base/publication_list.h).
  [[nodiscard]] const std::string& list() const { return publication_.name; }

  // Adds the schemas of the tables. An Error names `setting`.
  [[nodiscard]] std::vector<postgres::TableName> named(const std::vector<postgres::TableName>& names,
                                                       const std::string& setting) const;
  // Checks selected columns against those that are published. REQUIRES: `included` was returned by `named`.
  void check(const std::vector<postgres::TableName>& included, const destination::Destination& destination);
  // Adds the schemas of the tables.
  [[nodiscard]] std::vector<replication::TableOverrides> with_schemas(
      const std::vector<replication::TableOverrides>& overrides) const;
  // Resolves overrides against the columns that are published. The destination need not be open.
  [[nodiscard]] std::vector<replication::ResolvedTableOverrides> resolve(
      const std::vector<replication::TableOverrides>& overrides, const destination::Destination& destination);

 private:
  [[nodiscard]] TableSchema schema_of(const postgres::SourceTable& table, const destination::Destination& destination);

  postgres::Connection catalog_;
  postgres::CatalogTypes types_;
  postgres::Publication publication_;
};

}  // namespace walbrook::api
