#include "cli/commands/result_text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <nlohmann/json.hpp>

#include "serve/wire_json.h"

namespace walbrook::cli {
namespace {

serve::SqlAnswer sample() {
  return {
      .lsn = *Lsn::parse("0/1A2B3C8"),
      .pipelines = {{.pipeline = "shop", .lsn = *Lsn::parse("0/1A2B3C8")}},
      .result = {.columns = {{"name", "VARCHAR", false}, {"total", "DECIMAL(38,2)", true}, {"ok", "BOOLEAN", false}},
                 .rows = {{"Größe", "123456789012345678901234567890.10", "true"},
                          {"日本\n", "-1.5", "false"},
                          {"", "nan", std::nullopt},
                          {std::nullopt, std::nullopt, "true"}}}};
}

TEST(ResultText, a_table_is_aligned) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(as_table(sample().result),
            "name                                total  ok\n"
            "──────  ─────────────────────────────────  ─────\n"
            "Größe   123456789012345678901234567890.10  true\n"
            "日本\\n                               -1.5  false\n"
            "                                      nan  NULL\n"
            "NULL                                 NULL  true\n");
  EXPECT_EQ(footer(sample()), "(4 rows)  as of LSN 0/1A2B3C8");
  EXPECT_EQ(footer({.lsn = {}, .result = {.columns = {}, .rows = {{}}}}), "(1 row)");
  const serve::SqlAnswer of_two = {
      .lsn = {},
      .pipelines = {{.pipeline = "a\x1b", .lsn = *Lsn::parse("0/1")}, {.pipeline = "b", .lsn = *Lsn::parse("1/2")}},
      .result = {.columns = {}, .rows = {{}}}};
  EXPECT_EQ(footer(of_two).substr(0, 25), "(1 row)  as of LSN 0/1 of");
  EXPECT_EQ(footer(of_two).find('\x1b'), std::string::npos);
  EXPECT_TRUE(as_json(of_two).starts_with(R"({"lsn":null,"lsns":{)")) << as_json(of_two);
}

TEST(ResultText, csv_quotes_what_needs_it_and_tells_null_from_empty) {
  const destination::QueryResult result{
      .columns = {{"a,b", "VARCHAR", false}, {"n", "INTEGER", true}},
      .rows = {{"plain", "1"}, {"with \"quotes\"", "2"}, {"two\nlines", std::nullopt}, {"", "3"}, {std::nullopt, "4"}}};
  EXPECT_EQ(as_csv(result),
            "\"a,b\",n\n"
            "plain,1\n"
            "\"with \"\"quotes\"\"\",2\n"
            "\"two\nlines\",\n"
            "\"\",3\n"
            ",4\n");
}

TEST(ResultText, json_keeps_every_digit_and_names_infinity_as_text) {
  const auto text = as_json(sample());
  EXPECT_NE(text.find("\"total\":123456789012345678901234567890.10"), std::string::npos) << text;
  const auto document = nlohmann::json::parse(text);
  EXPECT_EQ(document["lsn"], "0/1A2B3C8");
  EXPECT_EQ(document["rows"][0]["name"], "Größe");
  EXPECT_EQ(document["rows"][0]["ok"], true);
  EXPECT_EQ(document["rows"][2]["total"], "nan");
  EXPECT_TRUE(document["rows"][2]["ok"].is_null());
  EXPECT_EQ(document["rows"].size(), 4U);
}

TEST(ResultText, json_numbers_are_written_bare_only_in_jsons_own_syntax) {
  destination::QueryResult result{.columns = {{"n", "DOUBLE", true}}, .rows = {}};
  for (const char* text : {"1e+300", "-0.0", "7", "inf", "-inf", "1e", ".5", "007", "1.", "+1", "0x1"}) {
    result.rows.push_back({text});
  }
  const auto document = nlohmann::json::parse(as_json({.lsn = {}, .result = result}));
  EXPECT_TRUE(document["lsn"].is_null());
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    EXPECT_EQ(document["rows"][i]["n"].is_number(), i < 3) << *result.rows[i][0];
  }
}

TEST(ResultText, json_documents_stand_as_they_are) {
  const destination::QueryResult result{.columns = {{"l", "BIGINT[]", false, true}, {"t", "VARCHAR", false, false}},
                                        .rows = {{"[9007199254740993]", "[1]"}, {std::nullopt, std::nullopt}}};
  EXPECT_EQ(as_json({.lsn = {}, .result = result}),
            "{\"lsn\":null,\"rows\":[\n{\"l\":[9007199254740993],\"t\":\"[1]\"},\n{\"l\":null,\"t\":null}]}\n");
}

TEST(ResultText, json_gives_equal_names_a_suffix) {
  const destination::QueryResult result{
      .columns = {{"a", "", true}, {"a", "", true}, {"a_2", "", true}, {"a", "", true}},
      .rows = {{"1", "2", "3", "4"}}};
  const auto row = nlohmann::json::parse(as_json({.lsn = {}, .result = result}))["rows"][0];
  EXPECT_EQ(row.size(), 4U);
  EXPECT_EQ(row["a"], 1);
  EXPECT_EQ(row["a_3"], 2);
  EXPECT_EQ(row["a_2"], 3);
  EXPECT_EQ(row["a_4"], 4);
}

TEST(ResultText, no_rows_are_still_a_table) {
  const destination::QueryResult result{.columns = {{"a", "", false}}, .rows = {}};
  EXPECT_EQ(as_table(result), "a\n─\n");
  EXPECT_EQ(as_csv(result), "a\n");
  EXPECT_EQ(nlohmann::json::parse(as_json({.lsn = {}, .result = result}))["rows"].size(), 0U);
}

}  // namespace
}  // namespace walbrook::cli
