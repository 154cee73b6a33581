// Columns of type ENUM (DestinationOptions::enum_columns): the labels that copies and loads give them.
#include <gtest/gtest.h>

#include "model/type_definition.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

const DestinationKind& kind_with_enums() {
  static const auto kind = [] {
    auto own = local_kinds().front();
    own.make = [](const destination::DestinationOptions& options) {
      auto chosen = options;
      chosen.enum_columns = true;
      return destination::open_destination(chosen);
    };
    return own;
  }();
  return kind;
}

class EnumColumnsTest : public DuckDbCase {
 protected:
  EnumColumnsTest() : DuckDbCase(kind_with_enums()) { open(); }

  void know(const Strings& labels) {
    TypeDefinition mood;
    mood.full_name = "public.mood";
    mood.labels = labels;
    destination().make_types({&mood, 1});
  }
  Strings type() { return ask("SELECT data_type FROM duckdb_columns() WHERE table_name = 't' AND column_name = 'm'"); }
  Strings content() { return ask("SELECT id || ' ' || coalesce(m::VARCHAR, 'NULL') FROM public.t ORDER BY id"); }

  const PhysicalType mood_{.layout = Layout::utf8, .native = "public.mood"};
  const TableSchemaRef schema_ = table("t", {{"id", int4, key}, {"m", mood_}, {"n", int4}});
};

TEST_F(EnumColumnsTest, a_label_is_added_also_after_rows_were_deleted) {
  know({"calm", "it's"});
  const auto t = create(schema_, {{1, "calm", 1}, {2, Null{}, 2}, {3, "it's", 3}});
  EXPECT_EQ(type(), Strings{"ENUM('calm', 'it''s')"});
  load(0x2000, [&](Transaction& transaction) {
    apply(transaction, t, Effect(schema_).replace({1, "new", 1}));
    apply(transaction, t, Effect(schema_).replace({2, "newer", 2}).replace({3, "calm", 3}));
    apply(transaction, t,
          Effect(schema_).remove({3, Null{}, Null{}}).patch({3, "newest", Unchanged{}}, {3, Null{}, Null{}}));
  });
  EXPECT_EQ(content(), (Strings{"1 new", "2 newer", "3 newest"}));
  EXPECT_EQ(type(), Strings{"ENUM('calm', 'it''s', 'new', 'newer', 'newest')"});
  open();
  know({"newest", "calm"});
  merge(t, Effect(schema_).insert({4, "calm", 4}));
  EXPECT_EQ(type(), Strings{"ENUM('newest', 'calm', 'it''s', 'new', 'newer')"});
  EXPECT_EQ(content(), (Strings{"1 new", "2 newer", "3 newest", "4 calm"}));
}

TEST_F(EnumColumnsTest, a_copy_adds_labels_that_nobody_brought) {
  know({"calm"});
  create(schema_, {{1, "calm", 1}, {2, "bored", 2}});
  EXPECT_EQ(type(), Strings{"ENUM('calm', 'bored')"});
  EXPECT_EQ(content(), (Strings{"1 calm", "2 bored"}));
}

TEST_F(EnumColumnsTest, more_labels_than_fit_in_a_byte) {
  Strings labels;
  for (int i = 0; i < 255; ++i) labels.push_back("l" + std::to_string(i));
  know(labels);
  const auto t = create(schema_, {{1, "l254", 1}});
  merge(t, Effect(schema_).insert({2, "l255", 2}).insert({3, "l256", 3}).insert({4, "l0", 4}));
  EXPECT_EQ(content(), (Strings{"1 l254", "2 l255", "3 l256", "4 l0"}));
}

TEST_F(EnumColumnsTest, an_enum_without_labels_is_text) {
  const auto t = create(schema_, {{1, Null{}, 1}});
  EXPECT_EQ(type(), Strings{"VARCHAR"});
  know({"calm"});
  merge(t, Effect(schema_).insert({2, "calm", 2}));
  EXPECT_EQ(content(), (Strings{"1 NULL", "2 calm"}));
}

}  // namespace
}  // namespace walbrook::contract
