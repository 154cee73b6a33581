// The source as the library's functions come to it: where it is, what a publication of it holds, which tables are
// meant.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mask_secrets.h"
#include "postgres/catalog/catalog.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"
#include "replication/setup/column_overrides.h"
#include "walbrook/columns.h"
#include "walbrook/credentials.h"
#include "walbrook/table_names.h"

namespace walbrook::api {

// What libpq connects by: the credentials, else what environment and files say (config/configuration.h), else ""
// (libpq's environment).
[[nodiscard]] std::string connection_string(const Credentials& credentials);

// `table` or `schema.table`, exact; the schema "" where there is none. Error(configuration) names `setting`.
[[nodiscard]] postgres::TableName parse_exact_name(const std::string& text, const std::string& setting);
[[nodiscard]] std::vector<postgres::TableName> parse_exact_names(const TableNames& names, const std::string& setting);
[[nodiscard]] std::vector<postgres::TableName> parse_included(const IncludeColumns& include);

// As `columns` of a resource has them; a schema "" where none is said.
[[nodiscard]] std::vector<replication::TableOverrides> parse_overrides(const TableColumnOverrides& overrides);

// The published table that a name means. Error(source_not_ready): none; Error(configuration): of two schemas.
[[nodiscard]] const postgres::SourceTable& find_published(const postgres::Publication& publication,
                                                          const postgres::TableName& name, const std::string& setting);
[[nodiscard]] std::string dotted(const std::string& schema, const std::string& name);

// Error(configuration): a column that is not published, or one of the replica identity that is left out.
void check_included(const TableSchema& schema, const std::vector<std::string>& columns);

// Once a process: warnings go to stderr, as much as RUNTIME__LOG_LEVEL says. spdlog's own default is stdout, which is
// the program's.
void set_up_library_logging();

// What leaves the library is an Error in its own words, with the facts that are known where it was called.
template <class Work>
auto with_facts(const ErrorFacts& facts, Work work) {
  set_up_library_logging();
  try {
    return work();
  } catch (const Error& error) {
    auto own = error.worded(to_text(error.remedy(), Wording::library));
    own.add_facts(facts);
    throw Error(own);
  } catch (const std::exception& unexpected) {
    throw Error(ErrorKind::internal, "something unexpected: " + mask_secrets(unexpected.what()), {}, facts);
  }
}

}  // namespace walbrook::api
