#include "replication/core/history_check.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace walbrook::replication {
namespace {

std::string described(const Transaction& transaction) {
  constexpr std::int64_t us_per_s = 1'000'000;
  const auto seconds = static_cast<std::time_t>(transaction.commit_time / us_per_s);
  return fmt::format("transaction {} (commit {}, {:%Y-%m-%d %H:%M:%S} UTC)", transaction.xid,
                     transaction.commit_lsn.to_string(), fmt::gmtime(seconds));
}

// The transaction that began first, as PostgreSQL compares xids, which wrap around; 0 means none.
std::uint32_t earlier(std::uint32_t a, std::uint32_t b) {
  if (a == 0 || b == 0) return a == 0 ? b : a;
  return static_cast<std::int32_t>(a - b) < 0 ? a : b;
}

}  // namespace

OtherHistory::OtherHistory(std::string cause, Lsn checkpoint, std::uint32_t since)
    : Error(ErrorKind::source_not_ready,
            fmt::format("the source is not in the state that the replica was copied from, which is at {}: {}",
                        checkpoint.to_string(), cause),
            walbrook::remedy("The server was restored from an older state, or it is another one. Nothing was applied. "
                             "Give the right {}; {} copies everything again.",
                             RemedyOption::source, RemedyAction::reset),
            {.lsn = checkpoint.to_string()}),
      since_(since) {}

HistoryCheck::HistoryCheck(const Transaction& last, Lsn begins_at, Lsn checkpoint)
    : last_(last), checkpoint_(checkpoint) {
  must_come_ = last.xid != 0 && begins_at <= last.commit_lsn;
  settled_ = !last.commit_lsn.is_set() || last.commit_lsn >= checkpoint || begins_at >= checkpoint;
}

void HistoryCheck::transaction(const Transaction& seen) {
  if (settled_ || seen.commit_lsn < last_.commit_lsn) return;
  if (last_.xid == 0 || seen.commit_lsn != last_.commit_lsn) {
    throw OtherHistory(fmt::format("it has {}, and the replica does not", described(seen)), checkpoint_,
                       earlier(last_.xid, seen.xid));
  }
  if (seen.xid != last_.xid || seen.commit_time != last_.commit_time) {
    throw OtherHistory(fmt::format("it has {}, the replica has {} there", described(seen), described(last_)),
                       checkpoint_, 0);
  }
  must_come_ = false;
}

void HistoryCheck::reached(Lsn position) {
  if (settled_ || position < checkpoint_) return;
  if (must_come_) {
    throw OtherHistory(fmt::format("it lacks {}, the last one that the replica has", described(last_)), checkpoint_,
                       last_.xid);
  }
  settled_ = true;
}

}  // namespace walbrook::replication
