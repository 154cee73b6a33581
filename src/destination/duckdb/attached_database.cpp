#include "destination/duckdb/attached_database.h"

namespace walbrook::destination::duckdb {

std::shared_ptr<Database> open_attached(const DatabaseOptions& options) {
  auto own = options;
  own.read_only = false;  // of the database in memory, whose settings the attachment changes
  auto database = std::make_shared<Database>(own);
  {
    Connection connection(database);
    options.attachment->attach(connection, options.read_only);
  }
  database->use_attached(*options.attachment, options.read_only);
  return database;
}

}  // namespace walbrook::destination::duckdb
