#include "postgres/publication/kept_publication.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <unordered_set>

#include "postgres/connection/server_identity.h"

namespace walbrook::postgres {
namespace {

// ALTER PUBLICATION waits for a session that holds the table exclusively. If it times out, the next catalog poll tries
// again.
constexpr const char* bounded_wait = "SELECT pg_catalog.set_config('lock_timeout', '2s', true); ";

// Returns the tables of a publication, and the relations whose changes belong to them.
std::unordered_set<Oid> published_oids(const Publication& publication) {
  std::unordered_set<Oid> oids;
  for (const auto& table : publication.tables) {
    oids.insert(table.oid);
    oids.insert(table.members.begin(), table.members.end());
  }
  return oids;
}

// Returns later tables of the schema and requested tables, except those in `known`. Some of them may no longer exist.
std::vector<PublishableTable> candidates(Connection& catalog, const OwnMark& mark, const std::vector<TableName>& asked,
                                         const std::unordered_set<Oid>& known) {
  std::vector<PublishableTable> found;
  if (!asked.empty()) found = find_publishable(catalog, {}, asked, known);
  if (!mark.schema.empty()) {
    try {
      std::ranges::move(find_publishable(catalog, mark.schema, {}, known), std::back_inserter(found));
    } catch (const Stopped&) {
      throw;
    } catch (const Error& nothing) {
      if (nothing.kind() != ErrorKind::source_not_ready) throw;  // the schema is gone, or no longer holds a table
    }
  }
  return found;
}

LeftOutTable left_out(Oid oid, const std::string& schema, const std::string& name, const TableIdentity& identity) {
  return {.oid = oid, .schema = schema, .name = name, .lack = identity.lack, .remedy = identity.remedy};
}

}  // namespace

PublicationGap find_gap(Connection& catalog, const Publication& now, const OwnMark& mark,
                        const std::vector<TableName>& asked) {
  PublicationGap gap;
  for (const auto& table : now.tables) {
    if (table.row_identity.lack.empty()) continue;
    gap.lacking.push_back(&table);
    gap.left_out.push_back(left_out(table.oid, table.schema, table.name, table.row_identity));
  }
  const bool needs_identity = now.updates || now.deletes;
  auto known = published_oids(now);  // or found to be missing
  for (auto& table : candidates(catalog, mark, asked, known)) {
    if (!table.refusal.empty() || !known.insert(table.oid).second) continue;
    if (needs_identity && !table.identity.lack.empty()) {
      gap.left_out.push_back(left_out(table.oid, table.name.schema, table.name.name, table.identity));
    } else {
      gap.joining.push_back(std::move(table));
    }
  }
  std::ranges::sort(gap.left_out, {}, [](const LeftOutTable& table) { return std::tie(table.schema, table.name); });
  return gap;
}

std::optional<Publication> KeptPublication::read(Connection& catalog) {
  auto now = read_publication(catalog, name_);
  if (!now) return now;
  const auto mark = read_own_mark(catalog, name_);
  if (!mark || is_standby(catalog)) return now;
  const auto published = published_oids(*now);
  for (const auto oid : published_) {
    if (!published.contains(oid)) taken_out_.insert(oid);
  }
  auto gap = find_gap(catalog, *now, *mark, asked_);
  // Perhaps it was not taken out by hand: a run that was killed right after taking the table out did not store that.
  for (const auto& table : gap.left_out) taken_out_.erase(table.oid);
  std::erase_if(gap.joining, [this](const PublishableTable& table) { return taken_out_.contains(table.oid); });
  const auto fewer = take_out(catalog, gap);
  const auto more = add(catalog, gap);
  if (fewer + more > 0) {
    auto changed = read_publication(catalog, name_);
    if (!changed) return changed;
    now = std::move(changed);
  }
  published_.clear();
  for (const auto& table : now->tables) {
    published_.insert(table.oid);
    taken_out_.erase(table.oid);
  }
  now->joined = joined_;
  now->is_incomplete = fewer + more < gap.lacking.size() + gap.joining.size();
  now->left_out = std::move(gap.left_out);
  const auto kept = published_oids(*now);
  std::erase_if(now->left_out, [&kept](const LeftOutTable& table) { return kept.contains(table.oid); });
  report_left_out(now->left_out);
  return now;
}

std::size_t KeptPublication::take_out(Connection& catalog, const PublicationGap& gap) {
  std::size_t changed = 0;
  for (const auto* table : gap.lacking) {
    const auto sql = fmt::format("ALTER PUBLICATION {} DROP TABLE {}", catalog.quote_name(name_),
                                 catalog.quote_table(table->schema, table->name));
    if (change(catalog, sql, "taken out of")) ++changed;
  }
  return changed;
}

std::size_t KeptPublication::add(Connection& catalog, const PublicationGap& gap) {
  std::size_t changed = 0;
  for (const auto& table : gap.joining) {
    const auto sql = fmt::format("ALTER PUBLICATION {} ADD TABLE {}", catalog.quote_name(name_),
                                 published_table_sql(catalog, table));
    if (!change(catalog, sql, "added to")) continue;
    spdlog::info("table {} was added to publication {}", table.name.full_name(), name_);
    joined_.insert(table.oid);
    ++changed;
  }
  return changed;
}

// Returns false if the role may not make the change, or if another session was faster.
bool KeptPublication::change(Connection& catalog, const std::string& sql, const std::string& what) {
  // Each refusal writes a line to the source's log.
  constexpr std::chrono::minutes ask_again{5};
  const auto now = std::chrono::steady_clock::now();
  if (const auto refused = refused_.find(sql); refused != refused_.end() && now < refused->second + ask_again) {
    return false;
  }
  try {
    catalog.execute(bounded_wait + sql, "changing publication " + name_);
    return true;
  } catch (const Stopped&) {
    throw;
  } catch (const Error& failed) {
    if (failed.kind() == ErrorKind::connection) throw;
    const bool denied = failed.kind() == ErrorKind::permission_denied;
    if (denied) refused_[sql] = now;
    if (logged_.insert(sql).second) {
      spdlog::log(denied ? spdlog::level::warn : spdlog::level::info,
                  "a table could not be {} publication {}: {}\n  As the table's and the publication's owner: {};", what,
                  name_, failed.cause(), sql);
    }
    return false;
  }
}

void KeptPublication::report_left_out(const std::vector<LeftOutTable>& tables) {
  for (const auto& table : tables) {
    auto line = fmt::format("publication {} leaves out table {}.{}: {}\n  {}", name_, table.schema, table.name,
                            table.lack, table.remedy);
    if (logged_.insert(line).second) spdlog::warn("{}", line);
  }
}

}  // namespace walbrook::postgres
