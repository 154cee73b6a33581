// The tables that a publication of walbrook's would hold. Its creation, kept_publication.h and the preflight use them.
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
  Remedy refusal_remedy;   // SQL or setting that helps
  TableIdentity identity;  // if it has a `lack`, the table is left out where UPDATE or DELETE is published
};

// Returns the tables as read_publication would describe them if they were published: OID, names, identity and requested
// columns.
[[nodiscard]] std::vector<SourceTable> as_published(const std::vector<PublishableTable>& tables);

// Returns the requested tables; those that cannot be published have a refusal. If none is requested, returns all tables
// of `schema` that can be published, with the root in place of its partitions. Tables in `known` are left out, and
// nothing more is asked of the source about them. Throws Error(source_not_ready) if `schema` does not exist or holds
// nothing to publish.
[[nodiscard]] std::vector<PublishableTable> find_publishable(Connection& catalog, const std::string& schema,
                                                             const std::vector<TableName>& asked,
                                                             const std::unordered_set<Oid>& known = {});

// Returns the SQL that creates the publication; without tables it creates an empty one.
[[nodiscard]] std::string create_publication_sql(const Connection& catalog, const std::string& name,
                                                 const std::vector<PublishableTable>& tables,
                                                 const std::string& publish = all_operations);

// Returns the table as SQL lists it in a publication: "public"."t" ("a", "b"). ONLY precedes a table that is not
// partitioned, because children by inheritance are published only if they are requested.
[[nodiscard]] std::string published_table_sql(const Connection& catalog, const PublishableTable& table);

// Runs make_publication (own_publication.h) for all four operations, with `tables`, or if they are empty with all
// ordinary and partitioned tables of `schema`, the root in place of its partitions. Throws an Error that names a table
// if it does not exist or cannot be published.
void create_publication(Connection& catalog, const std::string& name, const std::string& schema,
                        const std::vector<TableName>& tables);

}  // namespace walbrook::postgres
