// What a publication of ours would hold: looked up by what creates it, by what keeps it up and by preflight.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "postgres/publication/own_publication.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {

struct PublishableTable {
  TableName name;
  Oid oid = 0;  // 0: it does not exist
  bool partitioned = false;
  bool may_publish = false;  // this role owns it
  std::string owner;
  std::string refusal;     // why it cannot be published; empty = it can
  Remedy refusal_remedy;   //
  TableIdentity identity;  // with its `lack` the table is left out, if UPDATE or DELETE are published
};

// As read_publication would describe them if they were published: OID, names, identity and asked columns.
[[nodiscard]] std::vector<SourceTable> as_published(const std::vector<PublishableTable>& tables);

// The asked tables, those that cannot be published with their refusal; or all that can be of `schema`, partitions by
// their root. Those in `known` are left out: nothing more is asked of them. Throws Error(source_not_ready) when
// `schema` does not exist or holds nothing to publish.
[[nodiscard]] std::vector<PublishableTable> find_publishable(Connection& catalog, const std::string& schema,
                                                             const std::vector<TableName>& asked,
                                                             const std::unordered_set<Oid>& known = {});

// Without tables it creates an empty publication.
[[nodiscard]] std::string create_publication_sql(const Connection& catalog, const std::string& name,
                                                 const std::vector<PublishableTable>& tables,
                                                 const std::string& publish = all_operations);

// "public"."t" ("a", "b"), with ONLY before what is not partitioned: children by inheritance are published when asked
// for.
[[nodiscard]] std::string published_table_sql(const Connection& catalog, const PublishableTable& table);

// make_publication for all four operations (own_publication.h): FOR TABLE of `tables`, of all ordinary and partitioned
// tables of `schema` when empty, partitions by their root. A table that does not exist or cannot be published is an
// Error that names it.
void create_publication(Connection& catalog, const std::string& name, const std::string& schema,
                        const std::vector<TableName>& tables);

}  // namespace walbrook::postgres
