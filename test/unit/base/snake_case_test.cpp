#include "base/snake_case.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace walbrook {
namespace {

// The answers of dlt 1.31.0.
constexpr std::array<std::pair<const char*, const char*>, 46> known = {{
    {"id", "id"},
    {"OrderId", "order_id"},
    {"orderID", "order_id"},
    {"HTTPServer", "http_server"},
    {"XMLHttpRequest2", "xml_http_request2"},
    {"getHTTPResponseCode", "get_http_response_code"},
    {"Customer Name", "customer_name"},
    {" padded ", "padded"},
    {"price (EUR)", "price_eurx"},
    {"a+b", "axb"},
    {"a*b", "axb"},
    {"a-b", "a_b"},
    {"a@b", "aab"},
    {"a|b", "alb"},
    {"2fast", "_2fast"},
    {"_private", "_private"},
    {"__dunder__", "_dunderxx"},
    {"trailing_", "trailingx"},
    {"trailing__", "trailingxx"},
    {"a__b", "a_b"},
    {"a___b", "a_b"},
    {"ÄÖÜ", "x"},
    {"straße", "stra_e"},
    {"naïveName", "na_ve_name"},
    {"Order.Items", "order_items"},
    {"order\nline", "order_line"},
    {"!!!", "x"},
    {"_", "x"},
    {"__", "xx"},
    {"___", "xxx"},
    {"CamelCaseÄ", "camel_casex"},
    {"aB", "a_b"},
    {"aBC", "a_bc"},
    {"ABC", "abc"},
    {"AbC", "ab_c"},
    {"A1B2", "a1_b2"},
    {"1", "_1"},
    {"123_", "_123x"},
    {"camel2Case", "camel2_case"},
    {"SOME_CONST", "some_const"},
    {"some__Const", "some_const"},
    {"日本", "x"},
    {"emoji😀x", "emoji_x"},
    {"öB", "_b"},
    {"iPhone12Pro", "i_phone12_pro"},
    {"Deleted_TS", "deleted_ts"},
}};

TEST(SnakeCase, is_as_the_described_system_makes_it) {
  for (const auto& [name, expected] : known) EXPECT_EQ(snake_case(name), expected) << name;
}

TEST(SnakeCase, of_a_table_keeps_what_parts_parent_and_child) {
  EXPECT_EQ(snake_case_path("Orders__LineItems"), "orders__line_items");
  EXPECT_EQ(snake_case_path("a___b"), "a___b");
  EXPECT_EQ(snake_case_path("__dunder__"), "dunder");
  EXPECT_EQ(snake_case_path("Plain"), "plain");
  EXPECT_EQ(snake_case_path("__"), "xx");
}

}  // namespace
}  // namespace walbrook
