// Tables that event triggers describe, while the catalog is ahead of the stream or behind it.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "test/unit/replication/loader_case.h"

namespace walbrook::replication {
namespace {

struct Numbered {
  int number = 0;  // attnum
  std::string name;
};

class DescribedTablesTest : public LoaderCase {
 protected:
  static TableSchemaRef columns(const std::vector<Numbered>& all) {
    auto schema = *items();
    const auto [id, text] = std::pair(schema.columns.at(0), schema.columns.at(1));
    schema.columns.clear();
    for (const auto& column : all) {
      schema.columns.push_back(column.name == "id" ? id : text);
      schema.columns.back().name = column.name;
    }
    return std::make_shared<const TableSchema>(std::move(schema));
  }
  // What a fingerprint and a description have in common.
  static nlohmann::json print(const std::vector<Numbered>& all, int attributes) {
    auto json = nlohmann::json::parse(in_catalog(columns(all)).fingerprint);
    json["attributes"] = attributes;
    json["ddl_trigger"] = "1.500";
    for (std::size_t i = 0; i < all.size(); ++i) json["columns"][i][0] = all[i].number;
    return json;
  }
  void catalog_has(const std::vector<Numbered>& all, int attributes, std::uint64_t position) {
    auto table = in_catalog(columns(all));
    table.fingerprint = print(all, attributes).dump();
    catalog_shows({table}, position);
    step();
  }
  // The table streams with the columns id and note of row 1, and follows descriptions.
  void stream_described() {
    begin();
    stream(columns({{1, "id"}, {2, "note"}}), {{1, "a"}});
    load_with({.follow = true});
    catalog_has({{1, "id"}, {2, "note"}}, 2, 0x1000);
  }
  static Operation altered(const std::vector<Numbered>& all, int attributes, std::uint32_t transaction = 0) {
    return AlteredTable{.schema = columns(all),
                        .description = print(all, attributes).dump(),
                        .missing = {},
                        .transaction = transaction};
  }
};

TEST_F(DescribedTablesTest, a_catalog_that_is_ahead_does_not_take_the_place_of_descriptions_to_come) {
  stream_described();
  catalog_has({{1, "id"}}, 2, 0x3000);  // note was renamed to label, and label dropped
  const std::vector<Numbered> renamed = {{1, "id"}, {2, "label"}};
  auto batch = Changes().transaction(7, 0x1800).insert(columns(renamed), {2, "b"}).commits();
  batch.operations.insert(batch.operations.begin(), altered(renamed, 2));
  load(std::move(batch));
  EXPECT_EQ(rows("public.items", "id, label"), (Lines{"1|a", "2|b"})) << "the rename is followed, at its place";
}

TEST_F(DescribedTablesTest, a_catalog_that_is_behind_undoes_no_description) {
  stream_described();
  catalog_has({{1, "id"}, {2, "note"}, {3, "more"}}, 3, 0x1400);
  auto batch = Changes().transaction(7, 0x1300).transaction(8, 0x1600).commits();
  batch.operations.push_back(altered({{1, "id"}, {2, "note"}, {3, "more"}}, 3));
  batch.operations.push_back(altered({{1, "id"}, {2, "label"}, {3, "more"}}, 3, 1));
  load(std::move(batch));
  step();
  EXPECT_EQ(rows("public.items", "id, label, more"), (Lines{"1|a|-"})) << "the catalog of 0/1400 knows no label";
  catalog_has({{1, "id"}, {2, "label"}, {3, "more"}}, 3, 0x1600);
  EXPECT_EQ(state_of(items_oid), OutputState::streaming) << record(items_oid).reason;
}

// Without event triggers: rows have shown the new name, and the catalog is that of before.
TEST_F(DescribedTablesTest, a_catalog_that_is_behind_undoes_no_rename_that_rows_have_shown) {
  begin();
  stream(columns({{1, "id"}, {2, "note"}}), {{1, "a"}});
  load_with({.follow = true});
  const auto plain = [this](const std::vector<Numbered>& all, std::uint64_t position) {
    catalog_shows({in_catalog(columns(all))}, position);
    step();
  };
  plain({{1, "id"}, {2, "note"}, {3, "more"}}, 0x1400);
  const auto renamed = columns({{1, "id"}, {2, "label"}, {3, "more"}});
  load(Changes().transaction(7, 0x1600).insert(renamed, {2, "b", "c"}).commits());
  step();
  EXPECT_EQ(rows("public.items", "id, label, more"), (Lines{"1|a|-", "2|b|c"}));
  plain({{1, "id"}, {2, "label"}, {3, "more"}}, 0x1700);
  EXPECT_EQ(rows("public.items", "id, label, more"), (Lines{"1|a|-", "2|b|c"}));
}

}  // namespace
}  // namespace walbrook::replication
