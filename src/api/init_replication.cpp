#include "walbrook/init_replication.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "api/resources.h"
#include "api/source_access.h"
#include "base/clock.h"
#include "base/publication_list.h"
#include "model/same_table.h"
#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/ddl_trigger.h"
#include "postgres/catalog/table_name.h"
#include "postgres/catalog/table_schema.h"
#include "postgres/connection/server_identity.h"
#include "postgres/preflight/preflight.h"
#include "postgres/publication/kept_publication.h"
#include "postgres/publication/keyless.h"
#include "postgres/publication/own_publication.h"
#include "postgres/publication/publication.h"
#include "postgres/slot/ddl_trigger_setup.h"
#include "postgres/slot/slot_error.h"

namespace walbrook {
namespace api {
namespace {

constexpr int column_lists_since = 150000;
constexpr milliseconds reader_wait{10'000};  // a reader that has just ended holds the slot a moment longer
constexpr milliseconds reader_poll{50};

// A name without a schema means a table of any schema.
bool may_mean(const postgres::TableName& name, const postgres::TableName& table) {
  return name.name == table.name && (name.schema.empty() || name.schema == table.schema);
}

class Initialization {
 public:
  explicit Initialization(const InitReplicationOptions& options)
      : options_(options),
        conninfo_(connection_string(options.credentials)),
        catalog_(postgres::Connection::open(conninfo_, postgres::ConnectionUse::catalog)),
        types_(conninfo_) {}

  std::vector<SnapshotResource> perform() {
    publications_ = parse_publications("pub_name", options_.pub_name);
    list_ = publication_list(publications_);
    name_tables();
    check_columns();
    check_overrides();
    check_keyless();
    if (options_.reset) drop();
    look_before();
    try {
      publish();
      if (options_.keyless_inserts) publish_keyless();
      if (options_.ddl_trigger) make_ddl_trigger();
      make_slot();
    } catch (...) {
      take_back();
      throw;
    }
    refuse_left_out();
    return options_.persist_snapshots ? snapshots() : std::vector<SnapshotResource>();
  }

 private:
  // The error that is thrown explains why there is no slot, not why something could not be dropped.
  void take_back() noexcept {
    try {
      if (created_) postgres::drop_own_publication(catalog_, publications_.front());
      if (keyless_created_) postgres::drop_keyless_publication(catalog_, publications_.front());
      if (ddl_trigger_created_) postgres::drop_ddl_trigger(catalog_);
    } catch (const std::exception& failed) {
      spdlog::warn("what was created in the source could not be dropped again: {}", failed.what());
    }
  }
  // Sets the requested tables with their columns. The list is empty for a whole schema without column lists.
  void name_tables() {
    tables_ = parse_exact_names(options_.table_names, "table_names");
    for (auto& table : tables_) {
      if (table.schema.empty()) table.schema = options_.schema_name;
    }
    included_ = parse_included(options_.include_columns);
    for (auto& included : included_) {
      if (included.schema.empty()) included.schema = options_.schema_name;
    }
    if (tables_.empty() && !included_.empty()) {  // column lists and FOR TABLES IN SCHEMA exclude each other
      for (const auto& table : postgres::find_publishable(catalog_, options_.schema_name, {}))
        tables_.push_back(table.name);
      by_columns_ = true;
    }
    for (const auto& included : included_) {
      const auto table = std::ranges::find_if(tables_, same_table_as(included));
      if (table != tables_.end()) continue;
      throw Error(ErrorKind::configuration,
                  fmt::format("include_columns: table {} is not among the requested tables",
                              dotted(included.schema, included.name)),
                  "Name it in table_names as well.",
                  {.setting = "include_columns", .table = dotted(included.schema, included.name)});
    }
  }

  void check_columns() {
    for (const auto& included : included_) {
      auto asked = included;
      asked.columns.clear();
      const auto found = postgres::find_publishable(catalog_, options_.schema_name, {asked});
      if (found.front().oid == 0) continue;  // reported below, with suggestions
      postgres::SourceTable table;
      table.oid = found.front().oid;
      table.schema = included.schema;
      table.name = included.name;
      // The whole table is read, with its generated columns: whether the server publishes those is decided by the
      // server.
      check_included(postgres::read_table_schema(catalog_, table, types_, ValueLimits{}), included.columns);
    }
  }

  // Overrides shape what a snapshot resource copies. Where no resource would take them, they would be lost silently.
  void check_overrides() {
    if (options_.columns.empty()) return;
    if (!options_.persist_snapshots) {
      throw Error(ErrorKind::configuration, "columns: column overrides need a snapshot resource, and none is asked for",
                  "Set persist_snapshots, or give columns to replication_resource.", {.setting = "columns"});
    }
    auto tables = tables_;
    if (tables.empty()) {
      for (auto& table : postgres::find_publishable(catalog_, options_.schema_name, {}))
        tables.push_back(std::move(table.name));
    }
    for (const auto& [text, overrides] : options_.columns) {
      const auto name = parse_exact_name(text, "columns");
      if (std::ranges::any_of(tables, [&name](const auto& table) { return may_mean(name, table); })) continue;
      throw Error(ErrorKind::configuration, fmt::format("columns: table {} is not among the requested tables", text),
                  "Name it in table_names as well.", {.setting = "columns", .table = text});
    }
  }

  void check_keyless() const {
    if (!options_.keyless_inserts || publications_.size() == 1) return;
    throw Error(ErrorKind::configuration, "keyless_inserts: of several publications, none is completed",
                "Create a publication of these tables with publish = 'insert, truncate', and name it in pub_name.",
                {.setting = "keyless_inserts"});
  }

  void drop() {
    const auto deadline = std::chrono::steady_clock::now() + reader_wait;
    for (auto slot = postgres::read_slot(catalog_, options_.slot_name); slot;
         slot = postgres::read_slot(catalog_, options_.slot_name)) {
      if (slot->active_pid == 0 || options_.stop.stop_requested() || std::chrono::steady_clock::now() >= deadline) {
        postgres::drop_slot(catalog_, options_.slot_name);
        break;
      }
      std::this_thread::sleep_for(reader_poll);
    }
    if (!options_.ddl_trigger && postgres::has_unused_ddl_trigger(catalog_, options_.slot_name)) {
      postgres::drop_ddl_trigger(catalog_);
    }
    if (publications_.size() == 1 && !postgres::is_standby(catalog_)) {
      postgres::drop_own_publication(catalog_, publications_.front());
      postgres::drop_keyless_publication(catalog_, publications_.front());
    }
  }

  void look_before() {
    exists_ = postgres::read_publication(catalog_, list_).has_value();
    // What an existing publication lacks is added, so tables are checked only for one that is to be created.
    auto tables = exists_ ? std::vector<postgres::TableName>() : tables_;
    const auto findings = postgres::preflight({.conninfo = conninfo_,
                                               .publication = list_,
                                               .keyless = options_.keyless_inserts,
                                               .slot = options_.slot_name,
                                               .schema = options_.schema_name,
                                               .tables = std::move(tables),
                                               .snapshot = options_.persist_snapshots,
                                               .makes_publication = true,
                                               .standby = options_.standby,
                                               .failover = options_.failover,
                                               .ddl_trigger = options_.ddl_trigger});
    if (const auto error = postgres::first_error(findings)) throw *error;
    for (const auto& finding : findings) {
      if (finding.severity != postgres::Severity::warning) continue;
      spdlog::warn("{}: {}{}{}", finding.topic, finding.what, finding.remedy.empty() ? "" : "\n  ",
                   to_text(finding.remedy, Wording::library));
    }
  }

  // Of several publications, none is created, and none gets tables: which one would is not said.
  void publish() {
    if (publications_.size() > 1) return check_published();
    auto tables = tables_;
    if (catalog_.server_version() >= column_lists_since) {
      for (auto& table : tables) table.columns = columns_of(table);
    }
    auto made = postgres::make_publication(catalog_, {.name = publications_.front(),
                                                      .schema = options_.schema_name,
                                                      .tables = std::move(tables),
                                                      .publish = options_.publish});
    left_out_ = std::move(made.left_out);
    created_ = made.created;
    if (by_columns_) {
      spdlog::warn(
          "publication {}: the tables that schema {} has today are published; later ones are added by calling again "
          "(column lists name tables)",
          options_.pub_name, options_.schema_name);
    }
  }

  // Puts the tables that the publication leaves out into the second one, before the slot is created.
  void publish_keyless() {
    auto second = postgres::find_keyless_publication(catalog_, list_);
    if (second.empty()) {
      postgres::create_keyless_publication(catalog_, publications_.front());
      keyless_created_ = true;
      second = postgres::keyless_name(publications_.front());
    }
    auto tables = tables_;
    for (auto& table : tables) table.columns = columns_of(table);
    postgres::KeptPublication kept(publication_list({publications_.front(), second}), std::move(tables), {}, second);
    const auto now = kept.read(catalog_);
    if (!now) return;  // dropped meanwhile, which the next steps report
    std::erase_if(left_out_, [&now](const postgres::LeftOutTable& table) {
      return std::ranges::find(now->tables, table.oid, &postgres::SourceTable::oid) != now->tables.end();
    });
  }

  void check_published() {
    const auto publication = read_existing();
    for (const auto& table : tables_) static_cast<void>(find_published(publication, table, "table_names"));
  }

  postgres::Publication read_existing() {
    const bool with_second = options_.keyless_inserts && postgres::read_slot(catalog_, options_.slot_name);
    auto publication =
        postgres::read_publication(catalog_, with_second ? with_keyless(catalog_, list_, options_.slot_name) : list_);
    if (publication) return *std::move(publication);
    const auto missing = postgres::missing_publications(catalog_, publications_);
    throw Error(ErrorKind::source_not_ready,
                named_publications(missing.empty() ? publications_ : missing) + " was dropped meanwhile");
  }

  void make_slot() {
    const auto slot = postgres::read_slot(catalog_, options_.slot_name);
    if (slot) {
      if (const auto error = postgres::slot_error(slot, options_.slot_name, catalog_.database(), {})) throw *error;
      if (!options_.failover || slot->failover) return;
    }
    auto replication = postgres::Connection::open(conninfo_, postgres::ConnectionUse::replication);
    if (slot) {
      postgres::make_failover_slot(catalog_, replication, options_.slot_name, reader_wait, options_.stop);
      return;
    }
    postgres::create_permanent_slot(replication, conninfo_, {.name = options_.slot_name, .failover = options_.failover},
                                    creation_wait("the slot waits"), options_.stop);
  }

  void make_ddl_trigger() {
    postgres::KnownServer any(options_.standby);
    ddl_trigger_created_ = postgres::read_ddl_trigger(catalog_) == postgres::DdlTriggerState::none;
    postgres::make_ddl_trigger(catalog_, conninfo_, any, creation_wait("event triggers wait"), options_.stop);
  }

  [[nodiscard]] postgres::SlotWait creation_wait(std::string what) const {
    return {.report =
                [what = std::move(what)](const std::vector<postgres::OpenWriter>& writers) {
                  for (const auto& writer : writers) spdlog::warn("{} for the end of {}", what, writer.what);
                },
            .longest = options_.snapshot_wait};
  }

  std::vector<SnapshotResource> snapshots() {
    const auto publication = read_existing();
    auto wanted = tables_;
    if (wanted.empty()) {
      for (const auto& table : publication.tables) {
        if (table.schema == options_.schema_name) wanted.push_back({table.schema, table.name, {}});
      }
    }
    std::vector<SnapshotResource> resources;
    for (auto& table : wanted) {
      if (waits_for_slot(publication, table)) continue;
      static_cast<void>(find_published(publication, table, "table_names"));
      table.columns = columns_of(table);
      resources.emplace_back(std::make_shared<const SnapshotResource::Parts>(
          SnapshotResource::Parts{.conninfo = conninfo_,
                                  .slot = options_.slot_name,
                                  .publication = list_,
                                  .table = table,
                                  .overrides = overrides_of(table),
                                  .keyless = keyless_of(options_.keyless_inserts),
                                  .standby = options_.standby}));
    }
    return resources;
  }

  // Whether the table is in a second publication that is younger than changes which the slot still has to send.
  [[nodiscard]] bool waits_for_slot(const postgres::Publication& usable, const postgres::TableName& table) {
    if (!options_.keyless_inserts || std::ranges::any_of(usable.tables, same_table_as(table))) return false;
    const auto second = postgres::find_keyless_publication(catalog_, list_);
    const auto tables = postgres::find_keyless_tables(catalog_, second).staying;
    if (std::ranges::none_of(tables, same_table_as(table))) return false;
    spdlog::warn(
        "table {}: publication {} was created after changes that slot {} has yet to send, so it has no snapshot yet; "
        "run replication_resource, which applies them, then call init_replication again",
        dotted(table.schema, table.name), second, options_.slot_name);
    return true;
  }

  // A table that is named but left out throws, after everything else is done.
  void refuse_left_out() const {
    if (options_.table_names.empty() || left_out_.empty()) return;
    const auto& first = left_out_.front();
    const auto name = dotted(first.schema, first.name);
    throw Error(ErrorKind::data,
                fmt::format("table_names: publication {} leaves out table {}: {}", options_.pub_name, name, first.lack),
                first.remedy + " Publication and slot are there, with the other tables.",
                {.setting = "table_names", .publication = options_.pub_name, .table = name});
  }

  [[nodiscard]] std::vector<std::string> columns_of(const postgres::TableName& table) const {
    for (const auto& included : included_) {
      if (means_same_table(included, table)) return included.columns;
    }
    return {};
  }

  [[nodiscard]] ColumnOverrides overrides_of(const postgres::TableName& table) const {
    for (const auto& [text, overrides] : options_.columns) {
      if (may_mean(parse_exact_name(text, "columns"), table)) return overrides;
    }
    return {};
  }

  const InitReplicationOptions& options_;
  std::string conninfo_;
  std::vector<std::string> publications_;
  std::string list_;  // their names, as base/publication_list.h writes them
  postgres::Connection catalog_;
  postgres::CatalogTypes types_;
  std::vector<postgres::TableName> tables_;    // with schema; empty = the whole schema
  std::vector<postgres::TableName> included_;  // with schema and columns
  bool by_columns_ = false;                    // the whole schema, table by table because of column lists
  bool exists_ = false;
  bool created_ = false;                          // the publication was created by this call
  bool keyless_created_ = false;                  // the second one was
  bool ddl_trigger_created_ = false;              // event triggers were
  std::vector<postgres::LeftOutTable> left_out_;  // from the publication, for lack of a replica identity
};

}  // namespace
}  // namespace api

std::vector<SnapshotResource> init_replication(const InitReplicationOptions& options) {
  return api::with_facts({.slot = options.slot_name, .publication = options.pub_name},
                         [&options] { return api::Initialization(options).perform(); });
}

}  // namespace walbrook
