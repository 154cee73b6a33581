#include "model/physical_type.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/source_type.h"

namespace walbrook {
namespace {

constexpr ValueLimits limits{.min_timestamp = INT64_MIN, .max_timestamp = INT64_MAX, .unconstrained_numeric_scale = 9};

// Packs a typmod as numerictypmodin of PostgreSQL 15 does.
std::int32_t numeric_typmod(int precision, int scale) {
  return ((precision << 16) | (scale & 0x7FF)) + 4;
}

std::string numeric(std::int32_t typmod, std::int32_t domain_typmod = -1) {
  const SourceType type{.oid = type_oid::numeric, .base_oid = type_oid::numeric, .base_typmod = domain_typmod};
  return to_string(physical_type(type, typmod, limits));
}

TEST(PhysicalType, numeric_follows_its_typmod) {
  EXPECT_EQ(numeric(numeric_typmod(12, 2)), "decimal(12,2)");
  EXPECT_EQ(numeric(numeric_typmod(38, 38)), "decimal(38,38)");
  EXPECT_EQ(numeric(numeric_typmod(1, 0)), "decimal(1,0)");
  EXPECT_EQ(numeric(786438), "decimal(12,2)");  // pg_attribute's typmod of numeric(12,2)
}

TEST(PhysicalType, numeric_that_no_decimal_fits_has_the_unconstrained_one) {
  EXPECT_EQ(numeric(-1), "decimal(38,9)");
  EXPECT_EQ(numeric(numeric_typmod(39, 0)), "decimal(38,9)");
  EXPECT_EQ(numeric(numeric_typmod(1000, 1000)), "decimal(38,9)");
  EXPECT_EQ(numeric(numeric_typmod(5, -3)), "decimal(38,9)");
  EXPECT_EQ(numeric(numeric_typmod(2, -1000)), "decimal(38,9)");
  EXPECT_EQ(numeric(numeric_typmod(3, 5)), "decimal(38,9)");
}

TEST(PhysicalType, a_domains_own_typmod_goes_first) {
  EXPECT_EQ(numeric(-1, numeric_typmod(7, 3)), "decimal(7,3)");
}

TEST(PhysicalType, types_without_one_of_their_own_are_text) {
  for (const Oid oid : {Oid{600}, Oid{869}, type_oid::xml, Oid{22}, Oid{30}, Oid{20001}}) {
    const SourceType type{.oid = oid, .base_oid = oid};
    EXPECT_EQ(to_string(physical_type(type, -1, limits)), "utf8") << oid;
    EXPECT_FALSE(has_binary_parser(type)) << oid;
  }
}

TEST(PhysicalType, an_enums_binary_form_is_known) {
  const SourceType mood{.oid = 20001, .base_oid = 20001, .is_enum = true};
  EXPECT_EQ(to_string(physical_type(mood, -1, limits)), "utf8");
  EXPECT_TRUE(has_binary_parser(mood));
}

TEST(PhysicalType, a_destination_with_enums_has_them_as_columns_alone) {
  auto with_enums = limits;
  with_enums.user_types = true;
  const auto shown = [&](const SourceType& type) { return to_string(physical_type(type, -1, with_enums)); };
  const SourceType mood{.oid = 20001, .base_oid = 20001, .is_enum = true, .name = "app.mood"};
  const SourceType domain{.oid = 20002, .base_oid = 20001, .is_enum = true, .name = "app.today"};
  const SourceType moods{.oid = 20003,
                         .base_oid = 20003,
                         .kind = SourceType::Kind::list,
                         .name = "app.mood[]",
                         .fields = {{.name = "", .type = mood}}};
  const SourceType other{.oid = 20004, .base_oid = 20004, .name = "app.other"};
  EXPECT_EQ(shown(mood), "utf8 as \"app.mood\"");
  EXPECT_EQ(shown(domain), "utf8 as \"app.today\"");
  EXPECT_EQ(shown(moods), "list(utf8)");
  EXPECT_EQ(shown(other), "utf8");
  EXPECT_EQ(shown({.oid = 20001, .base_oid = 20001, .is_enum = true}), "utf8") << "the type is gone";
}

TEST(PhysicalType, arrays_are_lists_of_their_elements) {
  EXPECT_EQ(to_string(physical_type(built_in_type(1007), -1, limits)), "list(int32)");
  EXPECT_EQ(to_string(physical_type(built_in_type(1231), numeric_typmod(12, 2), limits)), "list(decimal(12,2))");
  EXPECT_EQ(to_string(physical_type(built_in_type(1041), -1, limits)), "list(utf8)");
  EXPECT_TRUE(has_binary_parser(built_in_type(1007)));
  EXPECT_FALSE(has_binary_parser(built_in_type(1041))) << "inet has no binary parser, so its arrays have none";
  EXPECT_EQ(built_in_type(1020).fields.at(0).type.delimiter, ';') << "box[]";
}

// PostGIS separates the elements of geometry[] by colons. As text[] they would be one element.
TEST(PhysicalType, a_native_array_names_its_delimiter) {
  const auto array_of = [](SourceType element) {
    const auto delimiter = element.delimiter;
    return SourceType{.oid = 20003,
                      .base_oid = 20003,
                      .kind = SourceType::Kind::list,
                      .delimiter = delimiter,
                      .fields = {{.name = "", .type = std::move(element)}}};
  };
  const auto native = [](const SourceType& type) { return physical_type(type, -1, {.source_types = true}).native; };
  const SourceType geometry{.oid = 20001, .base_oid = 20001, .delimiter = ':', .name = "gis.geometry"};
  const SourceType domain{.oid = 20002, .base_oid = 20001, .delimiter = ':', .name = "gis.place"};
  EXPECT_EQ(native(array_of(geometry)), "geometry[:]");
  EXPECT_EQ(native(array_of(domain)), native(domain)) << "text";
  EXPECT_EQ(native(array_of({.oid = 20001, .base_oid = 20001, .name = "public.citext"})), "citext[]");
}

// A composite of a domain, an array of that domain, and an hstore.
SourceType person() {
  const SourceType price{.oid = 20002, .base_oid = type_oid::numeric, .base_typmod = numeric_typmod(7, 3)};
  const SourceType prices{
      .oid = 20003, .base_oid = 20003, .kind = SourceType::Kind::list, .fields = {{.name = "", .type = price}}};
  return {.oid = 20004,
          .base_oid = 20004,
          .kind = SourceType::Kind::composite,
          .fields = {{.name = "last \"price\"", .type = price},
                     {.name = "prices", .type = prices},
                     {.name = "length", .type = built_in_type(type_oid::numeric), .typmod = numeric_typmod(5, 1)},
                     {.name = "tags", .type = {.oid = 20005, .base_oid = 20005, .kind = SourceType::Kind::hstore}}}};
}

TEST(PhysicalType, composites_are_structures_of_their_attributes) {
  auto type = person();
  const auto physical = physical_type(type, -1, limits);
  EXPECT_EQ(to_string(physical),
            "structure(\"last \"\"price\"\"\" decimal(7,3), \"prices\" list(decimal(7,3)), \"length\" decimal(5,1), "
            "\"tags\" map(utf8, utf8))");
  EXPECT_EQ(parse_physical_type(to_string(physical)), physical);
  EXPECT_TRUE(has_binary_parser(type));
  type.fields.push_back({.name = "home", .type = {.oid = 869, .base_oid = 869}});
  EXPECT_FALSE(has_binary_parser(type));
}

TEST(PhysicalType, vectors_are_lists_and_keep_their_type_in_postgresql) {
  const SourceType vector{.oid = 20001, .base_oid = 20001, .kind = SourceType::Kind::vector, .name = "ext.vector"};
  const SourceType half{.oid = 20002, .base_oid = 20002, .kind = SourceType::Kind::halfvec, .name = "ext.halfvec"};
  const SourceType domain{.oid = 20003, .base_oid = 20001, .kind = SourceType::Kind::vector, .name = "app.embedding"};
  const SourceType vectors{
      .oid = 20004, .base_oid = 20004, .kind = SourceType::Kind::list, .fields = {{.name = "", .type = vector}}};
  const auto shown = [](const SourceType& type, bool source_types) {
    return to_string(physical_type(type, 3, {.source_types = source_types}));
  };
  for (const auto& type : {vector, half, domain}) {
    EXPECT_EQ(shown(type, false), "list(float32)");
    EXPECT_TRUE(has_binary_parser(type));
  }
  EXPECT_EQ(shown(vectors, false), "list(list(float32))");
  EXPECT_EQ(shown(vector, true), "utf8 as \"vector\"");
  EXPECT_EQ(shown(half, true), "utf8 as \"halfvec\"");
  EXPECT_EQ(shown(domain, true), "utf8");
  EXPECT_EQ(shown(vectors, true), "utf8 as \"vector[]\"");
  EXPECT_FALSE(has_binary_parser(vector, physical_type(vector, 3, {.source_types = true}))) << "it is text there";
}

TEST(PhysicalType, deeper_than_any_type_is_refused) {
  std::string name = "int32";
  for (int i = 0; i < max_type_depth; ++i) name = "list(" + name + ")";
  EXPECT_EQ(to_string(parse_physical_type(name)), name);
  EXPECT_THROW((void)parse_physical_type("list(" + name + ")"), Error);
  std::string hostile;
  for (int i = 0; i < 1'000'000; ++i) hostile += "list(";
  EXPECT_THROW((void)parse_physical_type(hostile), Error);
}

TEST(PhysicalType, every_name_is_read_back) {
  for (int layout = 0; layout <= static_cast<int>(Layout::bit); ++layout) {
    PhysicalType type{static_cast<Layout>(layout)};
    if (type.layout == Layout::decimal) type = {Layout::decimal, 38, 9};
    EXPECT_EQ(parse_physical_type(to_string(type)), type) << to_string(type);
  }
}

TEST(PhysicalType, names_that_are_none_are_refused) {
  for (const std::string name : {"",
                                 "integer",
                                 "int32 ",
                                 "int32(4)",
                                 "decimal",
                                 "decimal(",
                                 "decimal(12)",
                                 "decimal(12,2",
                                 "decimal(12,2))",
                                 "decimal(12, 2)",
                                 "decimal(0,0)",
                                 "decimal(39,0)",
                                 "decimal(3,5)",
                                 "decimal(300,1)",
                                 "utf8(1)",
                                 "list",
                                 "list()",
                                 "list(int32",
                                 "list(int32))",
                                 "list(int32, int32)",
                                 "map(utf8)",
                                 "map(utf8,utf8)",
                                 "structure",
                                 "structure()",
                                 "structure(a int32)",
                                 "structure(\"a\")",
                                 "structure(\"a int32)",
                                 "structure(\"a\" int32,\"b\" int32)"}) {
    EXPECT_THROW((void)parse_physical_type(name), Error) << name;
  }
}

TEST(PhysicalType, a_numeric_of_more_digits_than_the_destination_holds_is_one_without_a_typmod) {
  const ValueLimits few{.decimal_precision = 18, .unconstrained_numeric_scale = 6};
  const auto numeric = built_in_type(type_oid::numeric);
  EXPECT_EQ(to_string(physical_type(numeric, numeric_typmod(18, 2), few)), "decimal(18,2)");
  EXPECT_EQ(to_string(physical_type(numeric, numeric_typmod(19, 2), few)), "decimal(18,6)");
  EXPECT_EQ(to_string(physical_type(numeric, -1, few)), "decimal(18,6)");
}

}  // namespace
}  // namespace walbrook
