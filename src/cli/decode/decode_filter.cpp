#include "cli/decode/decode_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/overloaded.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::cli {
namespace {

using namespace postgres;

std::string full_name(const postgres::TableName& table) {
  return table.schema + "." + table.name;
}

}  // namespace

bool FilteredStream::within(Lsn lsn) const {
  return (!filter_.from || lsn >= *filter_.from) && (!filter_.to || lsn < *filter_.to);
}

bool FilteredStream::asked_for(Oid relation, const AnnouncedRelations& relations) {
  const auto* schema = relations.find(relation);
  if (schema == nullptr) return false;
  for (const auto& table : filter_.tables) {
    if (table.schema != schema->schema || table.name != schema->name) continue;
    seen_.insert(full_name(table));
    return true;
  }
  return false;
}

bool FilteredStream::of_tables(const Message& message, const AnnouncedRelations& relations) {
  if (filter_.tables.empty()) return true;
  return std::visit(Overloaded{
                        [&](const Relation& relation) { return asked_for(relation.oid, relations); },
                        [&](const Insert& insert) { return asked_for(insert.relation, relations); },
                        [&](const Update& update) { return asked_for(update.relation, relations); },
                        [&](const Delete& deletion) { return asked_for(deletion.relation, relations); },
                        [&](const postgres::Truncate& truncate) {
                          return std::ranges::any_of(truncate.relations,
                                                     [&](Oid oid) { return asked_for(oid, relations); });
                        },
                        [](const auto&) { return false; },
                    },
                    message);
}

FilteredStream::Shown FilteredStream::begin(Lsn lsn, std::uint32_t xid) {
  open_ = true;
  open_within_ = within(lsn);
  open_shown_ = open_within_ && filter_.tables.empty();
  open_xid_ = xid;
  if (!open_within_) return Shown::no;
  if (open_shown_) shown_xids_.insert(xid);
  return open_shown_ ? Shown::yes : Shown::if_more_follows;
}

FilteredStream::Shown FilteredStream::end() {
  open_ = false;
  return open_shown_ ? Shown::yes : Shown::no;
}

// Handles the end of a transaction that was streamed or prepared earlier, perhaps before the first message read here.
FilteredStream::Shown FilteredStream::ending_of(Lsn lsn, std::uint32_t xid) {
  const bool shown = shown_xids_.erase(xid) > 0;
  return within(lsn) && (shown || filter_.tables.empty()) ? Shown::yes : Shown::no;
}

FilteredStream::Shown FilteredStream::decide(Lsn lsn, const Message& message, const AnnouncedRelations& relations) {
  const auto shown = std::visit(
      Overloaded{
          [&](const Begin& start) { return begin(start.final_lsn, start.xid); },
          [&](const BeginPrepare& start) { return begin(start.prepare_lsn, start.xid); },
          [&](const StreamStart& start) { return begin(lsn, start.xid); },
          [&](const Commit&) {
            shown_xids_.erase(open_xid_);
            return end();
          },
          [&](const Prepare&) { return end(); },
          [&](const StreamStop&) { return end(); },
          [&](const StreamCommit& commit) { return ending_of(commit.commit_lsn, commit.xid); },
          [&](const CommitPrepared& commit) { return ending_of(commit.commit_lsn, commit.xid); },
          [&](const RollbackPrepared& rollback) { return ending_of(rollback.rollback_end_lsn, rollback.xid); },
          [&](const StreamPrepare& prepare) {  // its Commit Prepared is still to come
            const bool known = shown_xids_.contains(prepare.xid) || filter_.tables.empty();
            return within(prepare.prepare_lsn) && known ? Shown::yes : Shown::no;
          },
          [&](const StreamAbort& abort) {
            if (abort.xid == abort.subxid) return ending_of(lsn, abort.xid);
            const bool known = shown_xids_.contains(abort.xid) || filter_.tables.empty();
            return within(lsn) && known ? Shown::yes : Shown::no;
          },
          [&](const auto&) {
            // Only logical messages are sent outside of a transaction.
            const bool in_range = open_ ? open_within_ : within(lsn);
            return of_tables(message, relations) && in_range ? Shown::yes : Shown::no;
          },
      },
      message);
  if (shown == Shown::yes && open_ && !open_shown_) {
    open_shown_ = true;
    shown_xids_.insert(open_xid_);
  }
  return shown;
}

std::vector<std::string> FilteredStream::tables_not_seen() const {
  std::vector<std::string> names;
  for (const auto& table : filter_.tables) {
    if (!seen_.contains(full_name(table))) names.push_back(full_name(table));
  }
  return names;
}

}  // namespace walbrook::cli
