// Schemas that no target table can be in.
#pragma once

#include <string_view>

namespace walbrook::destination {

// Throws Error(configuration) where `name` is, in capitals or not: walbrook's own schema, one that DuckDB has itself,
// or a word that DuckDB reads as another database's name in every query (1.5.5: temp, system). `label` is how the
// message names the setting.
void check_dataset_name(std::string_view name, std::string_view label);

}  // namespace walbrook::destination
