#include "schema/physical_type.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "schema/source_type.h"

namespace walbrook {
namespace {

constexpr ValueLimits limits{.min_timestamp = INT64_MIN, .max_timestamp = INT64_MAX, .unconstrained_numeric_scale = 9};

// As numerictypmodin of PostgreSQL 15 packs it.
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
  EXPECT_EQ(numeric(786438), "decimal(12,2)");  // what a server's pg_attribute says of numeric(12,2)
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
  for (const Oid oid : {Oid{600}, Oid{869}, type_oid::xml, Oid{1009}, Oid{20001}}) {
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

TEST(PhysicalType, every_name_is_read_back) {
  for (int layout = 0; layout <= static_cast<int>(Layout::interval); ++layout) {
    PhysicalType type{static_cast<Layout>(layout)};
    if (type.layout == Layout::decimal) type = {Layout::decimal, 38, 9};
    EXPECT_EQ(parse_physical_type(to_string(type)), type) << to_string(type);
  }
}

TEST(PhysicalType, names_that_are_none_are_refused) {
  for (const std::string name :
       {"", "integer", "int32 ", "int32(4)", "decimal", "decimal(", "decimal(12)", "decimal(12,2", "decimal(12,2))",
        "decimal(12, 2)", "decimal(0,0)", "decimal(39,0)", "decimal(3,5)", "decimal(300,1)", "utf8(1)"}) {
    EXPECT_THROW((void)parse_physical_type(name), Error) << name;
  }
}

}  // namespace
}  // namespace walbrook
