// What a publication of ours would hold: looked up once, used by create_publication and by preflight.
#pragma once

#include <string>
#include <vector>

#include "source/own_publication.h"
#include "source/slot.h"

namespace walbrook::source {

struct PublishableTable {
  TableName name;
  Oid oid = 0;  // 0: it does not exist
  bool partitioned = false;
  bool may_publish = false;  // this role owns it
  std::string owner;
  std::string refusal;       // why it cannot be published; empty = it can
  std::string refusal_mend;  //
};

// The asked tables, those that cannot be published with their refusal; or all that can be of `schema`, partitions by
// their root. Throws Error(source_not_ready) when `schema` does not exist or holds nothing to publish.
[[nodiscard]] std::vector<PublishableTable> find_publishable(Connection& catalog, const std::string& schema,
                                                             const std::vector<TableName>& asked);

[[nodiscard]] std::string create_publication_sql(const Connection& catalog, const std::string& name,
                                                 const std::vector<PublishableTable>& tables,
                                                 const std::string& publish = all_operations);

// "public"."t" ("a", "b"), with ONLY before what is not partitioned: children by inheritance are published when asked
// for.
[[nodiscard]] std::string published_table_sql(const Connection& catalog, const PublishableTable& table);

}  // namespace walbrook::source
