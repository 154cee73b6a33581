// The fold of changes: what reaches the target after several changes of one table.
#include "output/merge.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/error.h"

namespace walbrook {
namespace {

TableSchemaRef table(ReplicaIdentity identity) {
  const bool full = identity == ReplicaIdentity::full;
  TableSchema schema{.oid = 1, .schema = "public", .name = "t", .identity = identity};
  schema.columns.push_back({.name = "id",
                            .type_oid = type_oid::int4,
                            .in_key = full || identity == ReplicaIdentity::key,
                            .type = {Layout::int32}});
  schema.columns.push_back({.name = "body", .type_oid = type_oid::text, .in_key = full, .type = {Layout::utf8}});
  schema.columns.push_back({.name = "n", .type_oid = type_oid::int4, .in_key = full, .type = {Layout::int32}});
  return std::make_shared<const TableSchema>(std::move(schema));
}

constexpr const char* unsent = "\x01";  // an unchanged TOAST cell

class Changes {
 public:
  explicit Changes(TableSchemaRef schema) : batch(std::move(schema)) {}
  Changes& add(Op op, std::int32_t id, std::optional<std::string> body = {}, std::int32_t n = 0) {
    batch.columns[0].append(id);
    if (body && *body != unsent) {
      batch.columns[1].append_bytes(*body);
    } else {
      batch.columns[1].append_null();
      if (body) batch.mark_unchanged(batch.rows(), 1);
    }
    batch.columns[2].append(n);
    batch.finish_row(op, 0);
    return *this;
  }
  RowBatch batch;
};

std::string show(RowRef ref) {
  const auto& batch = *ref.batch;
  std::string body = batch.columns[1].is_null(ref.row) ? "NULL" : std::string(batch.columns[1].bytes_at(ref.row));
  if (batch.unchanged(ref.row, 1)) body = "?";
  return std::to_string(batch.columns[0].value<std::int32_t>(ref.row)) + ":" + body + ":" +
         std::to_string(batch.columns[2].value<std::int32_t>(ref.row));
}
std::string show(const RowOperations& effect) {
  std::string out;
  for (const auto& removal : effect.remove) {
    const auto id = std::to_string(removal.row.batch->columns[0].value<std::int32_t>(removal.row.row));
    out += "-" + id + (effect.keyed ? "" : "x" + std::to_string(removal.count)) + " ";
  }
  for (const auto& upsert : effect.append) out += "+" + show(upsert) + " ";
  for (const auto& patch : effect.complete) {
    const auto origin = patch.origin.batch->columns[0].value<std::int32_t>(patch.origin.row);
    out += "~" + show(patch.row) + "<" + std::to_string(origin) + " ";
  }
  return out;
}
std::string fold(const Changes& changes) {
  return show(merge_changes({&changes.batch}));
}

TEST(MergeChanges, inserts_alone_touch_nothing_of_the_target) {
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::insert, 1, "a").add(Op::insert, 2, "b");
  const auto effect = merge_changes({&changes.batch});
  EXPECT_TRUE(effect.inserts_only);
  EXPECT_EQ(show(effect), "+1:a:0 +2:b:0 ");
}

TEST(MergeChanges, one_key_inserted_deleted_inserted_and_updated) {
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::insert, 1, "a").add(Op::remove, 1).add(Op::insert, 1, "b").add(Op::update, 1, "c", 5);
  EXPECT_EQ(fold(changes), "+1:c:5 ");
}

TEST(MergeChanges, a_row_that_the_target_has_is_replaced) {
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::update, 1, "a").add(Op::update, 1, "b").add(Op::remove, 2).add(Op::remove, 3).add(Op::insert, 3, "x");
  EXPECT_EQ(fold(changes), "-1 -2 -3 +1:b:0 +3:x:0 ");
}

TEST(MergeChanges, unchanged_toast_comes_from_the_earlier_image) {
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::insert, 1, "big").add(Op::update, 1, unsent, 1).add(Op::update, 1, unsent, 2);
  EXPECT_EQ(fold(changes), "+1:big:2 ");
}

TEST(MergeChanges, unchanged_toast_of_a_target_row_becomes_a_patch) {
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::update, 1, unsent, 1).add(Op::update, 1, unsent, 2);
  EXPECT_EQ(fold(changes), "-1 ~1:?:2<1 ");
}

TEST(MergeChanges, unchanged_toast_follows_a_key_change) {
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::before, 1).add(Op::update, 2, unsent, 1).add(Op::before, 2).add(Op::update, 3, unsent, 2);
  EXPECT_EQ(fold(changes), "-1 ~3:?:2<1 ");
}

TEST(MergeChanges, keys_swapped_through_a_third_one) {
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::before, 1).add(Op::update, 0, unsent, 1);
  changes.add(Op::before, 2).add(Op::update, 1, unsent, 2);
  changes.add(Op::before, 0).add(Op::update, 2, unsent, 1);
  EXPECT_EQ(fold(changes), "-1 -2 ~1:?:2<2 ~2:?:1<1 ");
}

TEST(MergeChanges, an_old_key_that_did_not_change_is_no_move) {
  // A key column that is stored out of line: the old key is sent although it did not change.
  Changes changes(table(ReplicaIdentity::key));
  changes.add(Op::before, 1).add(Op::update, 1, unsent, 7);
  EXPECT_EQ(fold(changes), "-1 ~1:?:7<1 ");
}

TEST(MergeChanges, a_key_that_overflows_is_its_own_key) {
  TableSchema schema{.oid = 1, .schema = "public", .name = "t"};
  schema.columns.push_back(
      {.name = "id", .type_oid = type_oid::numeric, .in_key = true, .type = {Layout::decimal, 38, 9}});
  RowBatch batch(std::make_shared<const TableSchema>(schema));
  batch.columns[0].append_overflow("NaN");
  batch.finish_row(Op::insert, 0);
  batch.columns[0].append_overflow("Infinity");
  batch.finish_row(Op::insert, 0);
  batch.columns[0].append_overflow("NaN");
  batch.finish_row(Op::remove, 0);
  const auto effect = merge_changes({&batch});
  ASSERT_EQ(effect.append.size(), 1U);
  EXPECT_EQ(*batch.columns[0].overflow_at(effect.append[0].row), "Infinity");
}

TEST(MergeChanges, without_a_key_one_of_equal_rows_goes) {
  Changes changes(table(ReplicaIdentity::full));
  changes.add(Op::remove, 1, "a").add(Op::remove, 1, "a").add(Op::insert, 2).add(Op::insert, 2).add(Op::remove, 2);
  EXPECT_EQ(fold(changes), "-1x2 +2:NULL:0 ");
}

TEST(MergeChanges, without_a_key_an_update_there_and_back_is_nothing) {
  Changes changes(table(ReplicaIdentity::full));
  changes.add(Op::before, 1, "a").add(Op::update, 1, "b").add(Op::before, 1, "b").add(Op::update, 1, "a");
  EXPECT_EQ(fold(changes), "");
}

TEST(MergeChanges, an_update_without_replica_identity_is_refused) {
  Changes changes(table(ReplicaIdentity::nothing));
  changes.add(Op::update, 1, "a");
  EXPECT_THROW(static_cast<void>(merge_changes({&changes.batch})), Error);
}

TEST(MergeChanges, many_keys_across_batches) {
  const auto schema = table(ReplicaIdentity::key);
  Changes first(schema);
  Changes second(schema);
  for (std::int32_t id = 0; id < 10'000; ++id) first.add(Op::insert, id, "a");
  for (std::int32_t id = 0; id < 10'000; id += 2) second.add(Op::remove, id);
  const auto effect = merge_changes({&first.batch, &second.batch});
  EXPECT_EQ(effect.append.size(), 5'000U);
  EXPECT_TRUE(effect.remove.empty());
}

}  // namespace
}  // namespace walbrook
