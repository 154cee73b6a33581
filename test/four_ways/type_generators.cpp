#include "test/four_ways/type_generators.h"

namespace walbrook::test {

TypeGenerators type_generators(const ServerTypes& server) {
  const int major = server.major;
  TypeGenerators types;
  add_numbers(types, major);
  add_texts(types);
  add_datetimes(types, major);
  add_ranges(types);
  add_networks_and_shapes(types);
  add_system_types(types);
  add_extension_types(types);
  if (server.vectors) add_vectors(types);
  return types;
}

void add_text_only(TypeGenerators& types, const std::string& name, const TextValue& value, char delimiter) {
  types[name] = [=](Random&) {
    return ColumnType{
        .sql = name, .value = [value](Random& random, Extent) { return value(random); }, .delimiter = delimiter};
  };
}

const std::map<std::string, std::string>& types_without_generator() {
  static const std::string refused = "its input function refuses every text";
  static const std::map<std::string, std::string> types = {
      {"pg_catalog.gtsvector", refused},
      {"pg_catalog.pg_brin_bloom_summary", refused},
      {"pg_catalog.pg_brin_minmax_multi_summary", refused},
      {"pg_catalog.pg_dependencies", refused},
      {"pg_catalog.pg_mcv_list", refused},
      {"pg_catalog.pg_ndistinct", refused},
      {"pg_catalog.pg_node_tree", refused},
      {"public.ghstore", refused},
      {"public.intbig_gkey", refused},
      {"public.ltree_gist", refused},
  };
  return types;
}

std::vector<std::string> generated_extensions(const ServerTypes& server) {
  std::vector<std::string> names = {"citext", "cube", "hstore", "intarray", "isn", "ltree", "seg"};
  if (server.vectors) names.emplace_back("vector");
  return names;
}

}  // namespace walbrook::test
