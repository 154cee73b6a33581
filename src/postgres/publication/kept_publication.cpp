#include "postgres/publication/kept_publication.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <unordered_set>

#include "base/publication_list.h"
#include "model/same_table.h"
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
                        const std::vector<TableName>& asked, const std::unordered_set<Oid>& others) {
  PublicationGap gap;
  for (const auto& table : now.tables) {
    if (table.row_identity.lack.empty()) continue;
    gap.lacking.push_back(&table);
    gap.left_out.push_back(left_out(table.oid, table.schema, table.name, table.row_identity));
  }
  const bool needs_identity = now.updates || now.deletes;
  auto known = published_oids(now);  // or found to be missing
  known.insert(others.begin(), others.end());
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

std::vector<std::unique_ptr<OwnPublication>> find_own(Connection& catalog, const Publication& all,
                                                      const std::vector<TableName>& asked) {
  std::vector<std::unique_ptr<OwnPublication>> found;
  const auto names = parse_publications(all.name);
  const auto published = published_oids(all);
  for (const auto& name : names) {
    const auto mark = read_own_mark(catalog, name);
    if (!mark || mark->keyless) continue;
    auto now = names.size() == 1 ? all : read_publication(catalog, publication_list({name}));
    if (!now) continue;  // dropped meanwhile
    auto own = std::make_unique<OwnPublication>(OwnPublication{.name = name, .now = *std::move(now), .gap = {}});
    own->gap = find_gap(catalog, own->now, *mark, found.empty() ? asked : std::vector<TableName>(), published);
    found.push_back(std::move(own));
  }
  return found;
}

std::optional<Publication> KeptPublication::read(Connection& catalog) {
  auto now = read_publication(catalog, list_);
  if (!now) return now;
  if (!is_standby(catalog)) {
    const auto owned = find_own(catalog, *now, asked_);
    if (!owned.empty()) {
      now = keep(catalog, *std::move(now), owned);
      if (!now) return now;
    }
  }
  if (!keyless_.empty()) mark_partial(catalog, *now);
  return now;
}

std::optional<Publication> KeptPublication::keep(Connection& catalog, Publication now,
                                                 const std::vector<std::unique_ptr<OwnPublication>>& owned) {
  const auto published = published_oids(now);
  for (const auto oid : published_) {
    if (!published.contains(oid)) taken_out_.insert(oid);
  }
  Changed changed;
  for (const auto& own : owned) {
    const auto made = complete(catalog, *own);
    changed.wanted += made.wanted;
    changed.done += made.done;
  }
  if (changed.done > 0) {
    auto then = read_publication(catalog, list_);
    if (!then) return then;
    now = *std::move(then);
  }
  published_.clear();
  for (const auto& table : now.tables) {
    published_.insert(table.oid);
    taken_out_.erase(table.oid);
  }
  now.joined = joined_;
  now.is_incomplete = changed.done < changed.wanted;
  const auto kept = published_oids(now);
  for (const auto& own : owned) {
    std::erase_if(own->gap.left_out, [&kept](const LeftOutTable& table) { return kept.contains(table.oid); });
    report_left_out(own->name, own->gap.left_out);
    std::ranges::move(own->gap.left_out, std::back_inserter(now.left_out));
  }
  return now;
}

KeptPublication::Changed KeptPublication::complete(Connection& catalog, OwnPublication& own) {
  auto& gap = own.gap;
  Changed changed;
  const bool has_keyless = !keyless_.empty() && keyless_ == keyless_name(own.name);
  std::erase_if(gap.joining, [this](const PublishableTable& table) { return taken_out_.contains(table.oid); });
  if (has_keyless) {
    // Both are in one transaction, so a table that neither publication holds was taken out by hand.
    std::erase_if(gap.left_out, [this](const LeftOutTable& table) { return taken_out_.contains(table.oid); });
    changed = move_keyless(catalog, own, find_keyless_tables(catalog, keyless_));
  } else {
    // Perhaps it was not taken out by hand: a run that was killed right after taking the table out did not store that.
    for (const auto& table : gap.left_out) taken_out_.erase(table.oid);
  }
  changed.wanted += gap.lacking.size() + gap.joining.size();
  changed.done += take_out(catalog, own) + add(catalog, own);
  return changed;
}

KeptPublication::Changed KeptPublication::move_keyless(Connection& catalog, OwnPublication& own,
                                                       const KeylessTables& keyless) {
  Changed changed;
  const auto first = catalog.quote_name(own.name);
  const auto second = catalog.quote_name(keyless_);
  const auto move = [&](Oid oid, const std::string& name, const std::string& sql, const std::string& to) {
    ++changed.wanted;
    if (!change(catalog, to, sql, "moved to")) return false;
    spdlog::info("table {} was added to publication {}", name, to);
    joined_.insert(oid);
    ++changed.done;
    return true;
  };
  for (const auto& table : own.gap.left_out) {
    const auto is_it = [&table](const auto* each) { return each->oid == table.oid; };
    const auto lacking = std::ranges::find_if(own.gap.lacking, is_it);
    const bool is_published = lacking != own.gap.lacking.end();
    const auto listed = is_published ? as_publishable(**lacking) : listed_now(catalog, table);
    if (!listed.refusal.empty()) continue;  // dropped meanwhile
    auto sql = is_published ? fmt::format("ALTER PUBLICATION {} DROP TABLE {}; ", first,
                                          catalog.quote_table(table.schema, table.name))
                            : std::string();
    sql += fmt::format("ALTER PUBLICATION {} ADD TABLE {}", second, published_table_sql(catalog, listed));
    if (move(table.oid, table.schema + "." + table.name, sql, keyless_) && is_published) own.gap.lacking.erase(lacking);
  }
  for (const auto& table : keyless.leaving) {
    move(table.oid, table.full_name(),
         fmt::format("ALTER PUBLICATION {} DROP TABLE {}; ALTER PUBLICATION {} ADD TABLE {}", second,
                     catalog.quote_table(table.schema, table.name), first,
                     published_table_sql(catalog, as_publishable(table))),
         own.name);
  }
  return changed;
}

PublishableTable KeptPublication::listed_now(Connection& catalog, const LeftOutTable& table) const {
  TableName name{table.schema, table.name, {}};
  const auto asked = std::ranges::find_if(asked_, same_table_as(name));
  if (asked != asked_.end()) name.columns = asked->columns;
  return find_publishable(catalog, {}, {name}).front();
}

void KeptPublication::mark_partial(Connection& catalog, Publication& now) {
  const auto keyless = find_keyless_tables(catalog, keyless_);
  std::map<Oid, const SourceTable*> partial;
  for (const auto& table : keyless.staying) partial[table.oid] = &table;
  for (const auto& table : keyless.leaving) partial[table.oid] = &table;
  for (auto& table : now.tables) {
    const auto found = partial.find(table.oid);
    if (found == partial.end() || table.operations.updates || table.operations.deletes) continue;
    table.partial = partial_text(found->second->row_identity);
    auto line = fmt::format("table {}: {}\n  {}", table.full_name(), table.partial, found->second->row_identity.remedy);
    if (logged_.insert(line).second) spdlog::warn("{}", line);
  }
}

std::size_t KeptPublication::take_out(Connection& catalog, const OwnPublication& own) {
  std::size_t changed = 0;
  for (const auto* table : own.gap.lacking) {
    const auto sql = fmt::format("ALTER PUBLICATION {} DROP TABLE {}", catalog.quote_name(own.name),
                                 catalog.quote_table(table->schema, table->name));
    if (change(catalog, own.name, sql, "taken out of")) ++changed;
  }
  return changed;
}

std::size_t KeptPublication::add(Connection& catalog, const OwnPublication& own) {
  std::size_t changed = 0;
  for (const auto& table : own.gap.joining) {
    const auto sql = fmt::format("ALTER PUBLICATION {} ADD TABLE {}", catalog.quote_name(own.name),
                                 published_table_sql(catalog, table));
    if (!change(catalog, own.name, sql, "added to")) continue;
    spdlog::info("table {} was added to publication {}", table.name.full_name(), own.name);
    joined_.insert(table.oid);
    ++changed;
  }
  return changed;
}

// Returns false if the role may not make the change, or if another session was faster.
bool KeptPublication::change(Connection& catalog, const std::string& name, const std::string& sql,
                             const std::string& what) {
  // Each refusal writes a line to the source's log.
  constexpr std::chrono::minutes ask_again{5};
  const auto now = std::chrono::steady_clock::now();
  if (const auto refused = refused_.find(sql); refused != refused_.end() && now < refused->second + ask_again) {
    return false;
  }
  try {
    catalog.execute(bounded_wait + sql, "changing publication " + name);
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
                  name, failed.cause(), sql);
    }
    return false;
  }
}

void KeptPublication::report_left_out(const std::string& name, const std::vector<LeftOutTable>& tables) {
  for (const auto& table : tables) {
    auto line = fmt::format("publication {} leaves out table {}.{}: {}\n  {}", name, table.schema, table.name,
                            table.lack, table.remedy);
    if (logged_.insert(line).second) spdlog::warn("{}", line);
  }
}

}  // namespace walbrook::postgres
