// The order of messages that the assembler relies on, compared with the streams of servers 14 to 18.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "postgres/protocol/decoder.h"
#include "test/unit/postgres/captures.h"

namespace walbrook::postgres {
namespace {

// One stream, message by message. A message that must not come at this point is reported.
class Sequence {
 public:
  void operator()(const Begin& begin) {
    open("Begin");
    commit_lsn_ = begin.final_lsn;
    commit_time_ = begin.commit_time;
  }
  void operator()(const Commit& commit) {
    close();
    EXPECT_EQ(commit.commit_lsn, commit_lsn_);
    EXPECT_EQ(commit.commit_time, commit_time_);
    ends(commit.commit_lsn, commit.end_lsn);
  }
  void operator()(const BeginPrepare& begin) {
    open("Begin Prepare");
    commit_lsn_ = begin.prepare_lsn;
    gid_ = begin.gid;
  }
  void operator()(const Prepare& prepare) {
    close();
    EXPECT_EQ(prepare.prepare_lsn, commit_lsn_);
    EXPECT_EQ(prepare.gid, gid_);
    prepared_.insert(std::string(prepare.gid));
    ends(prepare.prepare_lsn, prepare.end_lsn);
  }
  void operator()(const StreamStart& start) {
    open("Stream Start");
    EXPECT_EQ(start.first_segment, streamed_.insert(start.xid).second);
    block_ = start.xid;
  }
  void operator()(const StreamStop&) {
    close();
    EXPECT_NE(block_, 0U);
    block_ = 0;
  }
  void operator()(const StreamCommit& commit) {
    outside("Stream Commit");
    EXPECT_EQ(streamed_.erase(commit.xid), 1U);
    settle(commit.xid);
    ends(commit.commit_lsn, commit.end_lsn);
  }
  void operator()(const StreamPrepare& prepare) {
    outside("Stream Prepare");
    EXPECT_EQ(streamed_.erase(prepare.xid), 1U);
    settle(prepare.xid);
    prepared_.insert(std::string(prepare.gid));
    ends(prepare.prepare_lsn, prepare.end_lsn);
  }
  void operator()(const StreamAbort& abort) {
    outside("Stream Abort");
    EXPECT_TRUE(streamed_.contains(abort.xid));
    if (abort.xid == abort.subxid) {
      streamed_.erase(abort.xid);
      of_streams_.erase(abort.xid);
    }
  }
  void operator()(const CommitPrepared& commit) {
    outside("Commit Prepared");
    EXPECT_EQ(prepared_.erase(std::string(commit.gid)), 1U);
    ends(commit.commit_lsn, commit.end_lsn);
  }
  void operator()(const RollbackPrepared& rollback) {
    outside("Rollback Prepared");
    EXPECT_EQ(prepared_.erase(std::string(rollback.gid)), 1U);
  }
  void operator()(const Origin&) {
    inside("Origin", block_);
    EXPECT_TRUE(just_opened_);
  }
  void operator()(const Relation& relation) {
    inside("Relation", relation.xid);
    (block_ != 0 ? of_streams_[block_] : columns_)[relation.oid] = relation.columns.size();
  }
  void operator()(const Type& type) { inside("Type", type.xid); }
  void operator()(const Insert& insert) {
    inside("Insert", insert.xid);
    EXPECT_EQ(insert.after.size(), columns_of(insert.relation));
  }
  void operator()(const Update& update) {
    inside("Update", update.xid);
    EXPECT_EQ(update.after.size(), columns_of(update.relation));
    if (update.old_kind != OldTuple::none) {
      EXPECT_EQ(update.before.size(), columns_of(update.relation));
    }
  }
  void operator()(const Delete& deletion) {
    inside("Delete", deletion.xid);
    EXPECT_EQ(deletion.before.size(), columns_of(deletion.relation));
  }
  void operator()(const Truncate& truncate) {
    inside("Truncate", truncate.xid);
    for (const Oid relation : truncate.relations) EXPECT_GT(columns_of(relation), 0U);
  }
  void operator()(const LogicalMessage& message) {
    if (message.transactional) inside("Message", message.xid);
  }

  void opened_before(bool opened) { just_opened_ = opened; }
  void end() { outside("the end"); }

 private:
  void open(const char* what) {
    outside(what);
    open_ = true;
  }
  void close() {
    EXPECT_TRUE(open_);
    open_ = false;
  }
  void outside(const char* what) const { EXPECT_FALSE(open_) << what; }
  void inside(const char* what, std::uint32_t xid) const {
    EXPECT_TRUE(open_) << what;
    EXPECT_EQ(xid != 0, block_ != 0) << what;
  }
  // The stream is ordered by the ends of transactions.
  void ends(Lsn lsn, Lsn end_lsn) {
    EXPECT_GT(lsn, last_);
    EXPECT_GT(end_lsn, lsn);
    last_ = lsn;
  }
  void settle(std::uint32_t xid) {
    for (const auto& [relation, columns] : of_streams_[xid]) columns_[relation] = columns;
    of_streams_.erase(xid);
  }
  [[nodiscard]] std::size_t columns_of(Oid relation) {
    const auto& own = of_streams_[block_];
    if (const auto found = own.find(relation); found != own.end()) return found->second;
    const auto found = columns_.find(relation);
    EXPECT_NE(found, columns_.end()) << "relation " << relation << " was not announced";
    return found == columns_.end() ? 0 : found->second;
  }

  bool open_ = false;
  bool just_opened_ = false;
  std::uint32_t block_ = 0;
  Lsn commit_lsn_, last_;
  Timestamp commit_time_ = 0;
  std::string gid_;
  std::set<std::uint32_t> streamed_;
  std::set<std::string> prepared_;
  std::map<Oid, std::size_t> columns_;
  std::map<std::uint32_t, std::map<Oid, std::size_t>> of_streams_;
};

TEST(Captures, messages_come_in_the_order_that_the_assembler_relies_on) {
  for (const auto& recorded : all_captures()) {
    SCOPED_TRACE(recorded.name);
    Sequence sequence;
    auto wire = recorded.header.wire();
    for (const auto& frame : recorded.frames) {
      SCOPED_TRACE(frame[0]);
      const auto message = decode(frame, wire);
      ASSERT_TRUE(message);
      std::visit(sequence, *message);
      follow(*message, wire);
      sequence.opened_before(frame[0] == 'B' || frame[0] == 'b' || frame[0] == 'S');
    }
    sequence.end();
  }
}

}  // namespace
}  // namespace walbrook::postgres
