#include "postgres/stream/publication_names.h"

#include "base/publication_list.h"

namespace walbrook::postgres {

std::string publication_names(const Connection& connection, const std::string& list) {
  std::string names;
  for (const auto& name : parse_publications(list)) names += (names.empty() ? "" : ",") + connection.quote_name(name);
  return names;
}

}  // namespace walbrook::postgres
