// What is in the files of a destination, and when readers see it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "destination/filesystem/filesystem_transaction.h"
#include "destination/filesystem/folder_storage.h"
#include "destination/filesystem/manifest_store.h"
#include "output/append.h"
#include "test/contract/filesystem_cells.h"
#include "test/contract/fixture.h"

namespace walbrook::contract {
namespace {

namespace fs = std::filesystem;
namespace filesystem = destination::filesystem;

const DestinationKind& of_parquet() {
  return *std::ranges::find(local_kinds(), "parquet", &DestinationKind::name);
}

class FilesTest : public DestinationCase {
 protected:
  FilesTest() : DestinationCase(of_parquet()) {}

  [[nodiscard]] fs::path root() const { return fs::path(folder()) / "lake"; }
  [[nodiscard]] Strings files_of(const std::string& table) const {
    Strings names;
    for (const auto& entry : fs::directory_iterator(root() / "public" / table)) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }
  // The changes of one transaction of the source, in their order.
  void append_changes(const OutputRecord& output, std::uint64_t commit_lsn,
                      const std::vector<std::pair<Op, std::vector<Cell>>>& changes) {
    const auto transaction = begin();
    stage(*transaction, output, commit_lsn, changes);
    transaction->put(destination::PutCheckpoint{at(commit_lsn + 8)});
    transaction->commit();
  }
  static void stage(Transaction& transaction, const OutputRecord& output, std::uint64_t commit_lsn,
                    const std::vector<std::pair<Op, std::vector<Cell>>>& changes) {
    const std::vector<walbrook::Transaction> transactions{
        {.xid = 700, .commit_lsn = Lsn{commit_lsn}, .commit_time = 1'700'000'000'000'000}};
    RowBatch batch(output.columns);
    for (const auto& [op, row] : changes) append(batch, op, row);
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      if (i > 0 && batch.ops[i - 1] != Op::before) ++number;
      batch.sequence[i] = number;
    }
    auto operations = walbrook::append_changes({&batch});
    operations.transactions = &transactions;
    destination::apply(transaction, output, operations);
  }
  std::vector<destination::CompactedTable> compact() { return destination::compactor_of(destination()).compact(); }
  // What readers see while nobody has opened the destination.
  [[nodiscard]] Strings rows_of_closed(const OutputRecord& output) const {
    const auto closed = destination::open_destination(options());
    Strings lines;
    for (const auto& row : read_from_files(*closed, output))
      lines.push_back(to_text(row.at(0)) + "|" + to_text(row.at(1)));
    std::ranges::sort(lines);
    return lines;
  }
  [[nodiscard]] TextRows in_plain_duckdb(const std::string& sql) const { return query_plain_duckdb("", sql); }
};

TEST_F(FilesTest, every_change_is_a_row_with_its_position) {
  open();
  const auto table = create(orders, {{1, "copied"}});
  append_changes(table, 0x2000, {{Op::insert, {2, "b"}}, {Op::update, {1, "a"}}, {Op::remove, {2, Null{}}}});
  EXPECT_EQ(rows(table), Strings{"1|a"});
  const auto history = in_plain_duckdb(
      "SELECT _walbrook_operation, _walbrook_lsn, _walbrook_sequence, epoch_us(_walbrook_commit_time), id, note FROM "
      "'" +
      (root() / "public/orders/*.parquet").string() + "' ORDER BY _walbrook_lsn, _walbrook_sequence");
  Strings lines;
  for (const auto& row : history.cells) {
    std::string line;
    for (const auto& cell : row) line += (line.empty() ? "" : "|") + cell.value_or("-");
    lines.push_back(line);
  }
  EXPECT_EQ(lines, (Strings{"snapshot|0|-|-|1|copied", "insert|8192|0|1700000000000000|2|b",
                            "update|8192|1|1700000000000000|1|a", "delete|8192|2|1700000000000000|2|-"}));
}

TEST_F(FilesTest, what_an_update_did_not_send_is_in_an_earlier_version) {
  open();
  const auto table = create(orders, {{1, "copied"}, {2, "copied"}});
  append_changes(table, 0x2000, {{Op::update, {1, Unchanged{}}}});
  append_changes(table, 0x2100, {{Op::update, {1, "sent"}}, {Op::update, {2, Unchanged{}}}});
  append_changes(table, 0x2200, {{Op::update, {1, Unchanged{}}}});
  EXPECT_EQ(rows(table), (Strings{"1|sent", "2|copied"}));
  append_changes(table, 0x2300, {{Op::remove, {1, Null{}}}, {Op::insert, {1, Null{}}}, {Op::update, {1, Unchanged{}}}});
  EXPECT_EQ(rows(table), (Strings{"1|-", "2|copied"}));
}

TEST_F(FilesTest, a_row_that_leaves_its_key_takes_along_what_was_not_sent) {
  open();
  const auto table = create(orders, {{1, "one"}, {2, "two"}});
  append_changes(table, 0x2000, {{Op::before, {1, Null{}}}, {Op::update, {3, Unchanged{}}}});
  EXPECT_EQ(rows(table), (Strings{"2|two", "3|one"}));
  // In one transaction: 3 becomes 4, 2 becomes 3, and 4 becomes 2.
  append_changes(table, 0x2100,
                 {{Op::before, {3, Null{}}},
                  {Op::update, {4, Unchanged{}}},
                  {Op::before, {2, Null{}}},
                  {Op::update, {3, Unchanged{}}},
                  {Op::before, {4, Null{}}},
                  {Op::update, {2, Unchanged{}}}});
  EXPECT_EQ(rows(table), (Strings{"2|one", "3|two"}));
  const auto error = error_of([&] {
    append_changes(table, 0x2200, {{Op::before, {9, Null{}}}, {Op::update, {8, Unchanged{}}}});
  });
  EXPECT_TRUE(error.starts_with("data: table public.orders: ")) << error;
}

TEST_F(FilesTest, files_of_a_transaction_that_was_not_committed_are_seen_by_nobody) {
  open();
  const auto table = create(orders, {{1, "a"}});
  killed([&](Destination& opened) {
    const auto transaction = opened.begin({});
    stage(*transaction, table, 0x2000, {{Op::insert, {2, "lost"}}});
    transaction->truncate(table);  // writes what was gathered to a file
    stage(*transaction, table, 0x2100, {{Op::insert, {3, "lost"}}});
    die();
  });
  EXPECT_GT(files_of("orders").size(), 1U) << "the killed process wrote a file";
  EXPECT_EQ(rows_of_closed(table), Strings{"1|a"});
  open();
  EXPECT_EQ(files_of("orders").size(), 1U) << "the next open() removes it";
  EXPECT_EQ(rows(table), Strings{"1|a"});
}

TEST_F(FilesTest, an_attempt_that_is_repeated_writes_the_same_names) {
  open();
  const auto table = create(orders, {{1, "a"}});
  const auto write = [&](Destination& opened, bool commits) {
    const auto transaction = opened.begin({.of = destination::AttemptId::Of::batch, .number = 7});
    stage(*transaction, table, 0x2000, {{Op::insert, {2, "b"}}});
    transaction->truncate(table);
    stage(*transaction, table, 0x2000, {{Op::insert, {3, "c"}}});
    if (!commits) die();
    transaction->commit();
  };
  killed([&](Destination& opened) { write(opened, false); });
  const auto of_first = files_of("orders");
  open();
  write(destination(), true);
  for (const auto& name : of_first) {
    const auto names = files_of("orders");
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  }
  EXPECT_EQ(rows(table), Strings{"3|c"});
}

TEST_F(FilesTest, a_manifest_that_was_torn_while_it_was_written_is_not_read) {
  open();
  const auto table = create(orders, {{1, "a"}});
  close();
  const auto state = root() / "_walbrook" / "walbrook";
  std::ofstream(state / "manifest.json.unfinished") << R"({"format": 1, "batch": 9)";
  std::ofstream(state / "records-99.json.unfinished") << "{";
  EXPECT_EQ(open().checkpoint->lsn, Lsn{0x1001});
  EXPECT_EQ(rows(table), Strings{"1|a"});
  append_changes(table, 0x2000, {{Op::update, {1, "b"}}});
  EXPECT_EQ(rows(table), Strings{"1|b"});
}

TEST_F(FilesTest, a_manifest_that_is_damaged_is_refused_with_its_cause) {
  open();
  create(orders, {{1, "a"}});
  close();
  std::ofstream(root() / "_walbrook" / "walbrook" / "manifest.json") << "{\"format\": 1, ";
  EXPECT_TRUE(error_of([&] { open(); }).starts_with("destination: the pipeline's manifest cannot be read: "));
}

TEST_F(FilesTest, a_table_whose_file_was_removed_is_told_of) {
  open();
  const auto table = create(orders, {{1, "a"}});
  EXPECT_TRUE(destination().inspect({&table, 1}).empty());
  fs::remove(root() / "public/orders" / files_of("orders").at(0));
  const auto findings = destination().inspect({&table, 1});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, destination::TargetFinding::Kind::missing);
}

TEST_F(FilesTest, a_folder_of_somebody_else_is_not_touched) {
  fs::create_directories(root() / "public/orders");
  std::ofstream(root() / "public/orders/notes.txt") << "mine";
  open();
  const auto error = error_of([&] { create(orders, {{1, "a"}}); });
  EXPECT_NE(error.find("public/orders/notes.txt"), std::string::npos) << error;
  EXPECT_TRUE(fs::exists(root() / "public/orders/notes.txt"));
}

TEST_F(FilesTest, one_process_writes_at_a_time) {
  open();
  const auto other = destination::open_destination(options());
  EXPECT_THROW(static_cast<void>(other->open()), destination::DestinationLocked);
  auto reading = options();
  reading.read_only = true;
  EXPECT_NO_THROW(static_cast<void>(destination::open_destination(reading)->open()));
}

TEST_F(FilesTest, a_change_of_the_key_begins_a_new_history) {
  open();
  auto table = create(orders, {{1, "a"}, {2, "b"}});
  append_changes(table, 0x2000, {{Op::update, {1, "c"}}});
  const auto by_note = contract::table("orders", {{"id", int4}, {"note", text, key}});
  table.columns = by_note;
  append_changes(table, 0x2100, {{Op::update, {7, "c"}}, {Op::remove, {Null{}, "b"}}});
  EXPECT_EQ(rows(table), Strings{"7|c"});
}

TEST_F(FilesTest, changes_are_compacted_into_the_current_state) {
  open();
  const auto table = create(orders, {{1, "a"}, {2, "b"}});
  const auto heap = create(contract::table("log", {{"a", int4}}, 16500), {{1}, {1}, {2}});
  append_changes(table, 0x2000, {{Op::update, {1, "c"}}, {Op::update, {2, Unchanged{}}}});
  append_changes(table, 0x2100, {{Op::remove, {1, Null{}}}, {Op::insert, {3, "d"}}});
  append_changes(heap, 0x2200, {{Op::remove, {1}}});
  const auto compacted = compact();
  ASSERT_EQ(compacted.size(), 2U);
  EXPECT_EQ(compacted[1].target.table, "orders");
  EXPECT_EQ(compacted[1].rows, 2U);
  EXPECT_EQ(compacted[1].files, 1U);
  EXPECT_EQ(compacted[1].former_files, 3U);
  EXPECT_TRUE(compact().empty()) << "there are no more changes";
  EXPECT_EQ(state().checkpoint->lsn, Lsn{0x2208});
  EXPECT_EQ(rows(table), (Strings{"2|b", "3|d"}));
  EXPECT_EQ(rows(heap), (Strings{"1", "2"}));
}

TEST_F(FilesTest, changes_after_a_compaction_apply_to_it) {
  open();
  const auto table = create(orders, {{1, "a"}, {2, "b"}});
  append_changes(table, 0x2000, {{Op::update, {1, "c"}}});
  compact();
  append_changes(table, 0x2100, {{Op::update, {1, Unchanged{}}}, {Op::remove, {2, Null{}}}});
  EXPECT_EQ(rows(table), Strings{"1|c"});
  open();
  EXPECT_EQ(rows(table), Strings{"1|c"});
}

TEST_F(FilesTest, a_query_that_began_before_a_compaction_reads_the_former_files) {
  open();
  const auto table = create(orders, {{1, "a"}});
  append_changes(table, 0x2000, {{Op::update, {1, "b"}}});
  const auto former = files_of("orders");
  const auto session = destination().query_engine()->open_session();
  compact();
  append_changes(table, 0x2100, {{Op::insert, {2, "later"}}});
  EXPECT_EQ(session->query("SELECT string_agg(note, ',') FROM orders").rows.at(0).at(0), "b");
  const auto now = files_of("orders");
  EXPECT_TRUE(std::ranges::includes(now, former));
}

TEST_F(FilesTest, files_that_were_replaced_an_hour_ago_are_removed) {
  open();
  const auto table = create(orders, {{1, "a"}});
  append_changes(table, 0x2000, {{Op::update, {1, "b"}}});
  compact();
  close();
  filesystem::FolderStorage storage(root().string());
  filesystem::ManifestStore store(storage, "walbrook", filesystem::Format::parquet, "lake");
  auto manifest = store.read();
  ASSERT_EQ(manifest.superseded.size(), 2U);
  manifest.superseded[0].since -= std::chrono::minutes(61);
  const auto expired = manifest.superseded[0].name;
  filesystem::FinishedCopies copies(storage);
  {
    filesystem::FilesystemTransaction transaction({.database = nullptr, .storage = &storage}, store, copies, manifest,
                                                  {}, [](filesystem::FilesystemTransaction::Outcome&&) {});
    EXPECT_TRUE(fs::exists(root() / expired)) << "a manifest names it";
    transaction.commit();
  }
  EXPECT_FALSE(fs::exists(root() / expired)) << "by the next load";
  manifest = store.read();
  ASSERT_EQ(manifest.superseded.size(), 1U);
  manifest.superseded[0].since -= std::chrono::minutes(61);
  store.write(manifest, true);
  EXPECT_EQ(files_of("orders").size(), 2U);
  open();
  EXPECT_EQ(files_of("orders").size(), 1U) << "by the next run";
  EXPECT_EQ(rows(table), Strings{"1|b"});
}

TEST_F(FilesTest, queries_see_the_current_state_and_no_other_file) {
  open();
  const auto table = create(orders, {{1, "a"}});
  append_changes(table, 0x2000, {{Op::insert, {2, "b"}}});
  const auto session = destination().query_engine()->open_session();
  EXPECT_EQ(session->query("SELECT count(*) FROM orders").rows.at(0).at(0), "2");
  EXPECT_EQ(session->lsn(), Lsn{0x2008});
  EXPECT_NE(error_of([&] { static_cast<void>(session->query("FROM read_text('/etc/passwd')")); }), "");
  EXPECT_NE(error_of([&] { static_cast<void>(session->query("FROM '/etc/passwd'")); }), "");
  append_changes(table, 0x2100, {{Op::insert, {3, "c"}}});
  EXPECT_EQ(session->query("SELECT count(*) FROM orders").rows.at(0).at(0), "2") << "one view of the data";
  session->refresh();
  EXPECT_EQ(session->query("SELECT count(*) FROM orders").rows.at(0).at(0), "3");
}

// Files of the former name would be overwritten by those of another pipeline's table.
TEST_F(FilesTest, the_folder_that_a_moved_target_left_is_no_other_pipelines) {
  open();
  const auto a = create(contract::table("a", {{"id", int4, key}, {"note", text}}, 17001), {{1, "one"}});
  auto b = a;
  b.name = b.target_name = "b";
  load(0x3000, [&](Transaction& transaction) {
    transaction.move(std::vector{destination::TargetMove{b, a.target()}});
    transaction.put(destination::PutOutput{b});
  });
  append_changes(b, 0x3100, {{Op::insert, {2, "two"}}});
  const auto in_a = files_of("a");
  EXPECT_EQ(files_of("b").size(), 1U);
  close();
  open("second");
  const auto taken = destination().inspect({&a, 1});
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].kind, destination::TargetFinding::Kind::name_conflict);
  EXPECT_NE(error_of([&] { static_cast<void>(copy_writer(a)); }), "");
  close();
  EXPECT_EQ(files_of("a"), in_a);
}

}  // namespace
}  // namespace walbrook::contract
