#include "replication/core/spooled_columns.h"

#include <algorithm>
#include <utility>

namespace walbrook::replication {

void SpooledColumns::add_rows(const TableSchemaRef& schema, const std::set<std::string>& overflow, Lsn last_commit) {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->altered != nullptr) {
      if (entry->altered->schema->oid == schema->oid) break;
    } else if (entry->schema == schema || *entry->schema == *schema) {
      entry->overflow.insert(overflow.begin(), overflow.end());
      entry->last_commit = std::max(entry->last_commit, last_commit);
      return;
    }
  }
  entries_.push_back({.schema = schema, .overflow = overflow, .altered = nullptr, .last_commit = last_commit});
}

void SpooledColumns::add(std::shared_ptr<const AlteredTable> altered, Lsn commit) {
  entries_.push_back({.schema = nullptr, .overflow = {}, .altered = std::move(altered), .last_commit = commit});
}

void SpooledColumns::append(const SpooledColumns& later) {
  for (const auto& entry : later.entries_) {
    if (entry.altered != nullptr) {
      entries_.push_back(entry);
    } else {
      add_rows(entry.schema, entry.overflow, entry.last_commit);
    }
  }
}

std::set<std::string> SpooledColumns::overflow() const {
  std::set<std::string> names;
  for (const auto& entry : entries_) names.insert(entry.overflow.begin(), entry.overflow.end());
  return names;
}

}  // namespace walbrook::replication
