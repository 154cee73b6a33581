#include "postgres/preflight/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/publication_list.h"
#include "base/text.h"
#include "postgres/catalog/ddl_trigger.h"
#include "postgres/preflight/preflight_publication.h"
#include "postgres/preflight/preflight_slot.h"

namespace walbrook::postgres {
namespace {

constexpr int oldest_version = 140000;
constexpr int first_version_of_standbys = 160000;

// PostgreSQL itself allows no other slot names (ReplicationSlotValidateName).
bool is_slot_name(const std::string& name) {
  return !name.empty() && name.size() <= 63 &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void check_names(const PreflightRequest& request, Findings& found) {
  if (!is_slot_name(request.slot)) {
    found.error("slot", fmt::format("\"{}\" is not a name for a slot", request.slot),
                "Up to 63 lower-case letters, digits and underscores.", ErrorKind::configuration);
  }
  try {
    static_cast<void>(parse_publications(request.publication));
  } catch (const Error& refused) {
    found.error("publication", refused);
  }
}

void check_encryption(const Connection& catalog, Findings& found) {
  const auto protocol = catalog.tls();
  if (!protocol.empty()) {
    found.ok("server", fmt::format("the connection is encrypted ({})", protocol));
  } else if (catalog.leaves_machine()) {
    found.note("server", "the connection is not encrypted",
               "sslmode=require ensures that it is; verify-full also checks which server answers.");
  }
}

void check_standby(Connection& catalog, const PreflightRequest& request, Findings& found) {
  if (!request.standby || catalog.server_version() < first_version_of_standbys) {
    const bool is_old = catalog.server_version() < first_version_of_standbys;
    return found.error("server",
                       is_old ? fmt::format("{} is a standby, and walbrook reads from primaries only: PostgreSQL 16 is "
                                            "the first that decodes on a standby",
                                            catalog.where())
                              : fmt::format("{} is a standby, and walbrook reads from primaries only", catalog.where()),
                       is_old ? Remedy("Give the primary's host, or promote this server.")
                              : remedy("Give the primary's host, or promote this server; {} reads from the standby.",
                                       RemedyOption::standby));
  }
  found.ok("server", "it is a standby");
  const auto rows = catalog.query(
      "SELECT pg_catalog.current_setting('hot_standby_feedback'), pg_catalog.current_setting('primary_slot_name')", {},
      "reading the standby's settings");
  if (rows.text(0, 0) == "off") {
    found.warning("server", "the primary may remove rows that the slot needs, which invalidates it",
                  "ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf();");
  } else if (rows.text(0, 1).empty()) {
    found.note("server", "the primary may remove rows that the slot needs while the standby is away",
               "Set primary_slot_name on the standby to a physical slot of the primary.");
  }
}

// Returns false if further checks make no sense.
bool check_server(Connection& catalog, const PreflightRequest& request, Findings& found) {
  const auto rows = catalog.query(
      "SELECT pg_catalog.current_setting('server_version'), pg_catalog.pg_is_in_recovery(), "
      "pg_catalog.current_setting('wal_level')",
      {}, "reading the server's settings");
  if (catalog.server_version() < oldest_version) {
    found.error("server",
                fmt::format("{} is PostgreSQL {}; version 14 or later is needed", catalog.where(), rows.text(0, 0)),
                "Upgrade the server.");
    return false;
  }
  found.ok("server", fmt::format("PostgreSQL {} at {}, user {}", rows.text(0, 0), catalog.where(), catalog.user()));
  check_encryption(catalog, found);
  if (rows.boolean(0, 1)) check_standby(catalog, request, found);
  if (rows.text(0, 2) == "logical") {
    found.ok("server", "wal_level is logical");
  } else {
    found.error("server", fmt::format("wal_level is {}; logical is needed", rows.text(0, 2)),
                "ALTER SYSTEM SET wal_level = logical; then restart the server (on RDS: rds.logical_replication = 1).");
  }
  return true;
}

void check_room(Connection& catalog, const PreflightRequest& request, const std::optional<SlotState>& slot,
                Findings& found) {
  const auto rows = catalog.query(
      "SELECT pg_catalog.current_setting('max_replication_slots')::int, "
      "(SELECT count(*) FROM pg_catalog.pg_replication_slots), pg_catalog.current_setting('max_wal_senders')::int, "
      "(SELECT count(*) FROM pg_catalog.pg_stat_replication)",
      {}, "counting slots and walsenders");
  // A run that has its slot continues without a copy; a table that must be copied waits then.
  const auto copies = request.snapshot ? 1 : 0;
  const auto check = [&](const char* what, const char* setting, std::int64_t limit, std::int64_t used,
                         std::int64_t needed) {
    const auto text = fmt::format("{} of {} {} are free", std::max<std::int64_t>(limit - used, 0), limit, what);
    const auto raise_limit = [&](std::int64_t more) {
      return fmt::format(
          "ALTER SYSTEM SET {} = {}; then restart the server; or drop what nobody needs (pg_replication_slots).",
          setting, limit + more);
    };
    if (limit - used >= needed + copies) return found.ok("server", text);
    const auto must = needed + (slot ? 0 : copies);
    if (limit - used < must) {
      return found.error("server", fmt::format("{}; {} needed", text, must == 1 ? "1 is" : fmt::format("{} are", must)),
                         raise_limit(must));
    }
    found.note("server", fmt::format("{}: a table that needs a copy waits until there is one", text),
               raise_limit(needed + copies));
  };
  // A reset drops the slot, which makes room for the new one.
  const auto freed = request.reset && read_slot(catalog, request.slot) ? 1 : 0;
  check("replication slots", "max_replication_slots", rows.integer(0, 0), rows.integer(0, 1) - freed, slot ? 0 : 1);
  // If the slot is active, its walsender is the one that a run waits for.
  check("walsenders", "max_wal_senders", rows.integer(0, 2), rows.integer(0, 3), slot && slot->active_pid != 0 ? 0 : 1);
}

// The connection is really opened, because role attribute, membership (as on RDS) and pg_hba.conf all decide about it.
std::optional<ServerIdentity> check_replication(const Connection& catalog, const PreflightRequest& request,
                                                Findings& found) {
  try {
    auto replication = Connection::open(request.conninfo, ConnectionUse::replication);
    auto identity = identify(replication);
    found.ok("rights", fmt::format("role {} may replicate", catalog.user()));
    return identity;
  } catch (const Error& failed) {
    found.wait_failed(failed);
    found.error("rights", failed);
    return std::nullopt;
  }
}

// Both connections must have reached one server. It may write in the meantime, so only what does not change is
// compared.
void check_same_server(Connection& catalog, const ServerIdentity& server, Findings& found) {
  const auto other = identify_by_query(catalog);
  if (other.systemid == server.systemid && other.timeline == server.timeline) return;
  found.error(
      "server",
      fmt::format("two connections reached different servers: cluster {}, timeline {}, and cluster {}, timeline {}",
                  other.systemid, other.timeline, server.systemid, server.timeline),
      remedy("Name one host in {}, and no pooler that distributes connections.", RemedyOption::source));
}

bool is_new_system(const ServerIdentity& server, const PreflightRequest& request) {
  return !request.systemid.empty() && server.systemid != request.systemid;
}

void check_identity(const ServerIdentity& server, const PreflightRequest& request, Findings& found) {
  const bool accepted = request.accept_new_system && is_new_system(server, request);
  ExpectedServer expected{.systemid = request.systemid, .timeline = request.timeline, .checkpoint = request.checkpoint};
  if (accepted) expected = {.systemid = {}, .timeline = 0, .checkpoint = request.checkpoint};
  if (request.standby) expected = of_promoted(server, std::move(expected));
  if (const auto error = identity_error(server, expected)) {
    found.error("server", *error);
  } else if (accepted) {
    found.note("server",
               fmt::format("this is cluster {}, which is accepted in place of {}", server.systemid, request.systemid));
  } else if (request.timeline != 0 && server.timeline > request.timeline) {
    found.note("server", fmt::format("the server was promoted since the last run (timeline {}, was {})",
                                     server.timeline, request.timeline));
  }
}

// Returns the position that a usable slot must not be ahead of. pg_upgrade creates the slots again at the new cluster's
// position, and only if they had yielded everything. So a slot that is ahead has no gap in that case.
Lsn slot_bound(const ServerIdentity& server, const PreflightRequest& request, const std::optional<SlotState>& slot) {
  if (!request.accept_new_system || !is_new_system(server, request) || !slot) return request.checkpoint;
  return std::max(request.checkpoint, slot->confirmed_flush_lsn);
}

// If a part fails, that is a finding, and the other parts still run.
template <class Part>
void run_part(const char* topic, Findings& found, Part part) {
  try {
    part();
  } catch (const Error& failed) {
    found.wait_failed(failed);
    found.error(topic, failed);
  }
}

// Logical replication contains only rows of logged tables.
void count_unsent(Connection& catalog, Findings& found) {
  const auto rows = catalog.query(
      "SELECT count(*) FILTER (WHERE relkind = 'S'), (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata), "
      "count(*) FILTER (WHERE relkind = 'm'), "
      "count(*) FILTER (WHERE relkind = 'r' AND relpersistence = 'u'), count(*) FILTER (WHERE relkind = 'f') "
      "FROM pg_catalog.pg_class WHERE oid >= 16384 AND relpersistence <> 't'",
      {}, "counting what is not replicated");
  constexpr std::array kinds = {"sequence", "large object", "materialized view", "unlogged table", "foreign table"};
  std::vector<std::string> unsent;
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    const auto number = rows.integer(0, static_cast<int>(kind));
    if (number > 0) unsent.push_back(counted(static_cast<std::uint64_t>(number), kinds.at(kind)));
  }
  if (!unsent.empty()) found.note("publication", fmt::format("not replicated: {}", fmt::join(unsent, ", ")));
}

void check_ddl_trigger(Connection& catalog, const PreflightRequest& request, Findings& found) {
  const auto state = read_ddl_trigger(catalog);
  if (state == DdlTriggerState::complete) return found.ok("schema", "event triggers describe tables that are altered");
  if (!request.ddl_trigger) return;
  const auto what = state == DdlTriggerState::pending ? "the event triggers are not complete yet"
                                                      : "there are no event triggers for altered tables";
  if (is_standby(catalog)) {
    return found.error("schema", fmt::format("{}, and a standby cannot create them", what), ddl_trigger_remedy());
  }
  const auto role = catalog.query("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user", {},
                                  "looking for the role's rights");
  if (!role.boolean(0, 0)) {
    return found.error("schema", fmt::format("{}, and role {} may not create them", what, catalog.user()),
                       ddl_trigger_remedy(), ErrorKind::permission_denied);
  }
  found.note("schema", fmt::format("{}; a run creates them", what));
}

void check_all(Connection& catalog, const PreflightRequest& request, Findings& found) {
  bool usable = false;
  run_part("server", found, [&] { usable = check_server(catalog, request, found); });
  if (!usable) return;
  std::optional<SlotState> slot;
  run_part("slot", found, [&] {
    if (!request.reset) slot = read_slot(catalog, request.slot);
  });
  run_part("server", found, [&] { check_room(catalog, request, slot, found); });
  auto of_slot = request;
  if (const auto server = check_replication(catalog, request, found)) {
    run_part("server", found, [&] { check_same_server(catalog, *server, found); });
    check_identity(*server, request, found);
    of_slot.checkpoint = slot_bound(*server, request, slot);
  }
  run_part("slot", found, [&] { check_slot(catalog, of_slot, slot, found); });
  run_part("publication", found, [&] { check_publication(catalog, request, slot.has_value(), found); });
  if (request.ddl_trigger || request.counts_unsent) {  // a run without a request would only be told what is there
    run_part("schema", found, [&] { check_ddl_trigger(catalog, request, found); });
  }
  if (request.counts_unsent) run_part("publication", found, [&] { count_unsent(catalog, found); });
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "ok";
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

std::vector<Finding> preflight(const PreflightRequest& request) {
  Findings found;
  check_names(request, found);
  run_part("server", found, [&] {
    auto catalog = Connection::open(request.conninfo, ConnectionUse::catalog);
    check_all(catalog, request, found);
  });
  return found.take();
}

std::optional<Error> first_error(const std::vector<Finding>& findings) {
  const auto error = std::ranges::find_if(
      findings, [](const Finding& finding) { return finding.severity == Severity::error && !finding.concerns_table; });
  if (error == findings.end()) return std::nullopt;
  return Error(error->kind, error->what, error->remedy, error->facts);
}

bool concerns_tables(const std::vector<Finding>& findings) {
  return std::ranges::any_of(findings, &Finding::concerns_table);
}

}  // namespace walbrook::postgres
