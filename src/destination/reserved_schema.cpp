#include "destination/reserved_schema.h"

#include <fmt/format.h>
#include <strings.h>

#include <array>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace walbrook::destination {
namespace {

struct ReservedSchema {
  const char* name;
  const char* why;
};
constexpr std::array<ReservedSchema, 5> reserved_schemas = {
    {{"_walbrook", "is where walbrook keeps its own state"},
     {"information_schema", "is DuckDB's own: no table can be created in it"},
     {"pg_catalog", "is DuckDB's own: no table can be created in it"},
     {"temp", "is the database of DuckDB's temporary tables: a query could not name a table in it"},
     {"system", "is DuckDB's own database: a query could not name a table in it"}}};

}  // namespace

void check_dataset_name(std::string_view name, std::string_view label) {
  for (const auto& reserved : reserved_schemas) {
    if (::strcasecmp(std::string(name).c_str(), reserved.name) != 0) continue;
    throw Error(ErrorKind::configuration, fmt::format("{} \"{}\" {}", label, printable(name), reserved.why),
                "Choose another name.", {.setting = std::string(label)});
  }
}

}  // namespace walbrook::destination
