// Access to the source for the library's functions: its connection string, the tables that are meant, and what a
// publication holds.
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

// Returns the string by which libpq connects: the credentials, or what environment and files set
// (config/configuration.h), or "" (libpq's environment).
[[nodiscard]] std::string connection_string(const Credentials& credentials);

// Parses `table` or `schema.table`, exactly; the schema is "" if there is none. An Error(configuration) names
// `setting`.
[[nodiscard]] postgres::TableName parse_exact_name(const std::string& text, const std::string& setting);
[[nodiscard]] std::vector<postgres::TableName> parse_exact_names(const TableNames& names, const std::string& setting);
[[nodiscard]] std::vector<postgres::TableName> parse_included(const IncludeColumns& include);

// Parses a resource's `columns`; the schema is "" if none is given.
[[nodiscard]] std::vector<replication::TableOverrides> parse_overrides(const TableColumnOverrides& overrides);

// Returns the published table that a name means. Throws Error(source_not_ready) if there is none, Error(configuration)
// if tables of two schemas match.
[[nodiscard]] const postgres::SourceTable& find_published(const postgres::Publication& publication,
                                                          const postgres::TableName& name, const std::string& setting);
// Returns the list with walbrook's second publication, for tables without replica identity, if there is one and the
// slot can already send their changes (publication_age.h). REQUIRES: the slot exists.
[[nodiscard]] std::string with_keyless(postgres::Connection& catalog, const std::string& publications,
                                       const std::string& slot);
[[nodiscard]] std::string dotted(const std::string& schema, const std::string& name);

// Throws Error(configuration) for a column that is not published, and if a column of the replica identity is missing.
void check_included(const TableSchema& schema, const std::vector<std::string>& columns);

// Sets up logging once per process: messages of RUNTIME__LOG_LEVEL (default warning) go to stderr. spdlog's default is
// stdout, which belongs to the program.
void set_up_library_logging();

// Runs `work`. Every exception leaves the library as an Error worded for the library, with the facts that the caller
// knows.
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
