#include "test/sim/tally.h"

#include <fmt/format.h>

#include "base/fault.h"

namespace walbrook::sim {
namespace {

constexpr std::array<std::string_view, Tally::kinds> names = {
    "transactions that change several tables",
    "subtransactions that are rolled back",
    "transactions that are rolled back",
    "PREPARE TRANSACTION",
    "COMMIT PREPARED",
    "ROLLBACK PREPARED",
    "updates of a key",
    "updates that leave out a large value",
    "TRUNCATE",
    "rows changed without a message",
    "columns added, dropped, renamed",
    "columns added again under the name of one that was dropped",
    "columns altered within transactions",
    "replica identities altered",
    "files replaced with the same rows",
    "tables created",
    "tables created under the name of one that was dropped",
    "tables renamed",
    "tables dropped",
    "tables added to the publication",
    "tables dropped from the publication",
    "event triggers created or enabled",
    "event triggers disabled",
    "descriptions of altered tables",
    "transactions streamed before they end",
    "subtransactions rolled back after they were sent",
    "prepared transactions sent before they are decided",
    "polls that find a part of what was sent",
    "connections lost",
    "transactions sent again",
    "crashes of the server",
    "catalog polls that find no server",
    "tables copied",
    "tables copied while they were written to",
    "copies that got other columns before they were swapped in",
    "commits exactly at a copy's consistent point",
    "tables that changed after their snapshot",
    "copies that fail for want of a slot",
    "resyncs requested",
    "resyncs of a part requested",
    "parts copied",
    "rows of a target that somebody damaged",
    "suspensions requested",
    "resumes requested",
    "crashes of the engine between two steps",
    "errors of the destination",
    "commits in doubt that were lost",
    "commits in doubt that were durable",
    "copies given up because the spool is full",
    "transactions that do not fit in the spool",
};

}  // namespace

std::string_view to_string(Happening happening) {
  return names.at(static_cast<std::size_t>(happening));
}

void Tally::add_sent(Lsn commit_lsn) {
  if (!sent_.insert(commit_lsn).second) add(Happening::sent_again);
}

void Tally::add(const Tally& other) {
  for (std::size_t i = 0; i < kinds; ++i) counts_[i] += other.counts_[i];
  for (const auto& [point, count] : other.crashes_) crashes_[point] += count;
}

std::uint64_t Tally::crashes_at(std::string_view point) const {
  const auto found = crashes_.find(std::string(point));
  return found == crashes_.end() ? 0 : found->second;
}

std::string Tally::table() const {
  std::string text;
  for (std::size_t i = 0; i < kinds; ++i) text += fmt::format("{:>9}  {}\n", counts_[i], names[i]);
  for (const auto point : fault::points) {
    if (is_simulated(point)) text += fmt::format("{:>9}  crashes at {}\n", crashes_at(point), point);
  }
  return text;
}

bool is_simulated(std::string_view fault_point) {
  return fault_point != "publication_made" && fault_point != "slot_created";
}

}  // namespace walbrook::sim
