// What `walbrook decode` shows of a handmade stream.
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/decode/decode_filter.h"
#include "cli/decode/decode_line.h"
#include "cli/decode/decode_message.h"
#include "postgres/catalog/table_name.h"
#include "postgres/protocol/encoder.h"

namespace walbrook::cli {
namespace {

using namespace postgres;
using Shown = FilteredStream::Shown;

const Relation orders{.xid = 0,
                      .oid = 1,
                      .schema = "public",
                      .name = "orders",
                      .identity = 'd',
                      .columns = {{true, "id", 23, -1}, {false, "note", 25, -1}, {false, "total", 1700, 786438}}};
const Relation items{
    .xid = 0, .oid = 2, .schema = "sales", .name = "items", .identity = 'f', .columns = {{true, "n", 23, -1}}};

std::string line(const Message& message, const AnnouncedRelations& relations) {
  return to_line(describe(Lsn{0x1538D18}, message, relations));
}

class DecodedMessage : public ::testing::Test {
 protected:
  DecodedMessage() {
    relations.learn(orders);
    relations.learn(items);
  }
  AnnouncedRelations relations;
};

TEST_F(DecodedMessage, rows_by_name) {
  const TupleBytes row({{CellKind::text, "1"}, {CellKind::text, "it's\n"}, {CellKind::null, {}}});
  EXPECT_EQ(line(Insert{0, 1, row.tuple()}, relations),
            "0/1538D18    Insert    public.orders  id=1 note='it''s\\n' total=NULL");
  EXPECT_EQ(describe(Lsn{0x1538D18}, Insert{9, 1, row.tuple()}, relations).dump(),
            R"({"lsn":"0/1538D18","kind":"Insert","xid":9,"schema":"public","table":"orders",)"
            R"("after":{"id":"1","note":"it's\n","total":null}})");
}

TEST_F(DecodedMessage, old_rows_keys_and_what_did_not_change) {
  const TupleBytes key({{CellKind::text, "1"}, {CellKind::null, {}}, {CellKind::null, {}}});
  const TupleBytes after({{CellKind::text, "2"}, {CellKind::unchanged, {}}, {CellKind::text, "12.50"}});
  EXPECT_EQ(line(Update{0, 1, OldTuple::key, key.tuple(), after.tuple()}, relations),
            "0/1538D18    Update    public.orders  key id=1  after id=2 total=12.50 note=(unchanged)");
  EXPECT_EQ(line(Update{0, 1, OldTuple::none, {}, after.tuple()}, relations),
            "0/1538D18    Update    public.orders  id=2 total=12.50 note=(unchanged)");
  EXPECT_EQ(line(Delete{0, 1, OldTuple::key, key.tuple()}, relations),
            "0/1538D18    Delete    public.orders  key id=1");
  EXPECT_EQ(line(Delete{0, 1, OldTuple::full, key.tuple()}, relations),
            "0/1538D18    Delete    public.orders  before id=1 note=NULL total=NULL");
  EXPECT_EQ(describe(Lsn{1}, Update{0, 1, OldTuple::key, key.tuple(), after.tuple()}, relations).dump(),
            R"({"lsn":"0/1","kind":"Update","schema":"public","table":"orders","key":{"id":"1"},)"
            R"("after":{"id":"2","total":"12.50"},"unchanged":["note"]})");
}

TEST_F(DecodedMessage, binary_values_where_they_can_be_read) {
  const TupleBytes row({{CellKind::binary, std::string_view("\0\0\0\7", 4)},
                        {CellKind::binary, "text"},
                        {CellKind::binary, std::string_view("\0\xFF", 2)}});
  EXPECT_EQ(line(Insert{0, 1, row.tuple()}, relations),
            "0/1538D18    Insert    public.orders  id=7 note=text total=\\x00ff");
  EXPECT_EQ(describe(Lsn{1}, Insert{0, 1, row.tuple()}, relations)["after"].dump(),
            R"({"id":"7","note":"text","total":{"hex":"00ff"}})");
}

TEST_F(DecodedMessage, relations_nobody_announced) {
  const TupleBytes row({{CellKind::text, "1"}});
  EXPECT_EQ(line(Insert{0, 99, row.tuple()}, relations), "0/1538D18    Insert    oid 99  $1=1");
  EXPECT_EQ(line(Truncate{0, {1, 99}, true, false}, relations),
            "0/1538D18    Truncate  public.orders, relation 99  cascade");
}

TEST_F(DecodedMessage, what_stands_around_rows) {
  EXPECT_EQ(line(orders, relations),
            "0/1538D18    Relation  public.orders  oid 1  identity default  (id integer key, note text, total "
            "numeric(12,2))");
  EXPECT_EQ(line(Begin{Lsn{0x16B374D848}, 1'700'000'000'500'000, 731}, relations),
            "0/1538D18    Begin     xid 731  commit_lsn 16/B374D848  commit_time 2023-11-14 22:13:20.5+00");
  EXPECT_EQ(line(LogicalMessage{0, true, Lsn{1}, "a prefix", "\xFF"}, relations),
            "0/1538D18    Message   prefix 'a prefix'  content \\xff  transactional  message_lsn 0/1");
  EXPECT_EQ(line(StreamAbort{5, 6, {}, 0}, relations), "0/1538D18    Stream Abort  xid 5  subxid 6");
  EXPECT_EQ(line(CommitPrepared{0, Lsn{1}, Lsn{2}, 0, 7, "a gid"}, relations),
            "0/1538D18    Commit Prepared  xid 7  gid 'a gid'  commit_lsn 0/1  end_lsn 0/2  commit_time 1970-01-01 "
            "00:00:00+00");
}

TEST(AnnouncedRelationsTest, a_streamed_transaction_keeps_its_own_until_it_commits) {
  AnnouncedRelations relations;
  relations.learn(items);
  auto altered = items;
  altered.columns.push_back({false, "late", 25, -1});
  const auto columns = [&relations] { return relations.find(2)->columns.size(); };
  relations.learn(StreamStart{5, true});
  relations.learn(altered);
  EXPECT_EQ(columns(), 2U);
  relations.learn(StreamStop{});
  EXPECT_EQ(columns(), 1U);
  relations.learn(StreamAbort{5, 6, {}, 0});
  relations.learn(StreamStart{5, false});
  EXPECT_EQ(columns(), 2U) << "a subtransaction's abort is not the transaction's";
  relations.learn(StreamStop{});
  relations.learn(StreamAbort{5, 5, {}, 0});
  relations.learn(StreamStart{5, false});
  EXPECT_EQ(columns(), 1U);
  relations.learn(altered);
  relations.learn(StreamStop{});
  relations.learn(StreamCommit{5, 0, {}, {}, 0});
  EXPECT_EQ(columns(), 2U);
}

// Returns the kinds' bytes of the messages that are shown. A message that is held back until more follows is added
// together with the next one.
std::string shown(const DecodeFilter& filter, const std::vector<std::pair<Lsn, Message>>& stream) {
  AnnouncedRelations relations;
  FilteredStream filtered(filter);
  std::string out, held;
  for (const auto& [lsn, message] : stream) {
    relations.learn(message);
    const std::string kind(1, kind_of(message).byte);
    switch (filtered.decide(lsn, message, relations)) {
      case Shown::no:
        if (!filtered.open()) held.clear();
        break;
      case Shown::yes:
        out += held + kind;
        held.clear();
        break;
      case Shown::if_more_follows:
        held = kind;
    }
  }
  return out;
}

const std::vector<std::pair<Lsn, Message>> plain = {
    {Lsn{10}, Begin{Lsn{20}, 0, 1}},
    {Lsn{11}, orders},
    {Lsn{12}, Insert{0, 1, {}}},
    {Lsn{21}, Commit{0, Lsn{20}, Lsn{21}, 0}},
    {Lsn{13}, Begin{Lsn{30}, 0, 2}},
    {Lsn{14}, items},
    {Lsn{15}, Delete{0, 2, OldTuple::full, {}}},
    {Lsn{16}, Truncate{0, {1, 2}, false, false}},
    {Lsn{31}, Commit{0, Lsn{30}, Lsn{31}, 0}},
    {Lsn{32}, LogicalMessage{0, false, Lsn{32}, "p", "c"}},
};

TEST(DecodeFilterTest, everything) {
  EXPECT_EQ(shown({}, plain), "BRICBRDTCM");
}

TEST(DecodeFilterTest, transactions_count_by_where_they_commit) {
  EXPECT_EQ(shown({.tables = {}, .from = Lsn{20}, .to = Lsn{30}}, plain), "BRIC");
  EXPECT_EQ(shown({.tables = {}, .from = Lsn{21}, .to = {}}, plain), "BRDTCM");
  EXPECT_EQ(shown({.tables = {}, .from = {}, .to = Lsn{31}}, plain), "BRICBRDTC");
}

TEST(DecodeFilterTest, tables_with_the_frames_of_their_transactions) {
  const postgres::TableName orders_table{"public", "orders", {}}, items_table{"sales", "items", {}};
  EXPECT_EQ(shown({.tables = {orders_table}, .from = {}, .to = {}}, plain), "BRICBTC");
  EXPECT_EQ(shown({.tables = {items_table}, .from = {}, .to = {}}, plain), "BRDTC");
  EXPECT_EQ(shown({.tables = {orders_table, items_table}, .from = {}, .to = {}}, plain), "BRICBRDTC");
  EXPECT_EQ(shown({.tables = {{"public", "none", {}}}, .from = {}, .to = {}}, plain), "");
  EXPECT_EQ(shown({.tables = {items_table}, .from = {}, .to = Lsn{30}}, plain), "");
}

TEST(DecodeFilterTest, streamed_and_prepared_transactions) {
  const std::vector<std::pair<Lsn, Message>> streamed = {
      {Lsn{10}, StreamStart{5, true}},
      {Lsn{11}, orders},
      {Lsn{12}, Insert{5, 1, {}}},
      {Lsn{13}, StreamStop{}},
      {Lsn{10}, StreamStart{6, true}},
      {Lsn{11}, items},
      {Lsn{12}, Insert{6, 2, {}}},
      {Lsn{13}, StreamStop{}},
      {Lsn{20}, StreamAbort{6, 7, {}, 0}},
      {Lsn{21}, StreamAbort{6, 6, {}, 0}},
      {Lsn{30}, StreamPrepare{0, Lsn{30}, Lsn{31}, 0, 5, "g"}},
      {Lsn{40}, CommitPrepared{0, Lsn{40}, Lsn{41}, 0, 5, "g"}},
      {Lsn{50}, BeginPrepare{Lsn{52}, Lsn{53}, 0, 8, "h"}},
      {Lsn{51}, Insert{0, 1, {}}},
      {Lsn{53}, Prepare{0, Lsn{52}, Lsn{53}, 0, 8, "h"}},
      {Lsn{60}, RollbackPrepared{0, Lsn{53}, Lsn{60}, 0, 0, 8, "h"}}};
  EXPECT_EQ(shown({}, streamed), "SRIESRIEAApKbIPr");
  const postgres::TableName orders_table{"public", "orders", {}}, items_table{"sales", "items", {}};
  EXPECT_EQ(shown({.tables = {orders_table}, .from = {}, .to = {}}, streamed), "SRIEpKbIPr");
  EXPECT_EQ(shown({.tables = {items_table}, .from = {}, .to = {}}, streamed), "SRIEAA");
  EXPECT_EQ(shown({.tables = {}, .from = Lsn{50}, .to = {}}, streamed), "bIPr");
}

TEST(DecodeFilterTest, tables_that_never_came_are_known) {
  AnnouncedRelations relations;
  FilteredStream filtered({.tables = {{"public", "orders", {}}, {"sales", "items", {}}}, .from = {}, .to = {}});
  relations.learn(orders);
  static_cast<void>(filtered.decide(Lsn{1}, orders, relations));
  EXPECT_EQ(filtered.tables_not_seen(), std::vector<std::string>{"sales.items"});
}

}  // namespace
}  // namespace walbrook::cli
