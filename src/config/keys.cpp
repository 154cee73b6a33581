#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/names.h"
#include "base/publication_list.h"
#include "base/text.h"

namespace walbrook::config {
namespace {

constexpr std::string_view source_section = "sources.pg_replication";
constexpr std::string_view credentials_section = "sources.pg_replication.credentials";
constexpr std::string_view duckdb_section = "destination.duckdb";
constexpr std::string_view postgres_section = "destination.postgresql";
constexpr std::string_view postgres_credentials_section = "destination.postgresql.credentials";
constexpr std::string_view motherduck_section = "destination.motherduck";
constexpr std::string_view ducklake_section = "destination.ducklake";
constexpr std::string_view filesystem_section = "destination.filesystem";
constexpr std::string_view load_section = "load";
constexpr std::string_view schema_section = "schema";
constexpr std::string_view runtime_section = "runtime";
constexpr std::string_view pipeline_section = "pipelines.NAME";
constexpr std::string_view table_section = "pipelines.NAME.tables";
constexpr std::string_view override_section = "pipelines.NAME.tables.overrides.COLUMN";

constexpr std::uint64_t least_batch_bytes = 4096;  // below it a batch is one row anyway
constexpr std::uint64_t least_chunk_bytes = 8192;  // a page
constexpr std::uint64_t most_slot_timeout_s = 7ULL * 24 * 3600;
constexpr std::uint64_t most_network_timeout_s = 24ULL * 3600;
constexpr std::uint64_t most_source_wait_s = 365ULL * 24 * 3600;
constexpr std::uint64_t most_query_timeout_s = 7ULL * 24 * 3600;
constexpr std::uint64_t most_query_rows = 1'000'000'000'000;
constexpr std::uint64_t least_query_memory = 64ULL << 20U;  // a process uses more than that from the start
constexpr std::uint64_t least_poll_ms = 50;                 // a catalog poll is one statement of some milliseconds
constexpr std::uint64_t most_poll_ms = 3600ULL * 1000;

// clang-format off
constexpr std::array all_keys = {
    Key{source_section, "credentials", Kind::connection, "", "--source",
        "The source: a URL, a `key=value` string or a table of the fields below. Absent: libpq's environment."},
    Key{source_section, "slot_name", Kind::slot_name, "walbrook_<database>", "--slot",
        "The replication slot. Default: the pipeline's name, or the database's if no pipeline is configured."},
    Key{source_section, "pub_name", Kind::publications, "walbrook_<database>", "--publication",
        "The publication; the first run creates it if it does not exist. Or a list of them: `[\"sales\", \"stock\"]` or "
        "`sales,stock`. Default: as for the slot."},
    Key{source_section, "schema_name", Kind::name, "public", "--schema",
        "The schema whose tables a new publication gets if no tables are named."},
    Key{source_section, "table_names", Kind::texts, "", "--table",
        "The tables: `orders`, `sales.items`, `sales.items(id,price)`. Default: those of the publication."},
    Key{source_section, "keyless", Kind::choice, "leave_out", "--keyless",
        "What happens with a table without replica identity: `inserts` replicates its INSERTs and TRUNCATEs, by a second "
        "publication of walbrook's.",
        "leave_out|inserts"},
    Key{source_section, "snapshot", Kind::boolean, "true", "--no-snapshot",
        "Copy existing rows. `false`: only changes from now on."},
    Key{source_section, "adopt_slot", Kind::boolean, "false", "--adopt-slot",
        "Take over an existing slot that the destination does not know: an administrator's, or another destination's."},
    Key{source_section, "format", Kind::choice, "auto", "--format",
        "How the server sends values.", "auto|text|binary"},
    Key{source_section, "protocol", Kind::count, "", "--protocol",
        "Version of pgoutput's protocol. Default: the highest that the server has.", "", 1, 4},
    Key{source_section, "two_phase", Kind::boolean, "false", "--two-phase",
        "Prepared transactions are sent when they are prepared. This is a permanent property of the slot."},
    Key{source_section, "standby", Kind::boolean, "false", "--standby",
        "The source may be a standby. Requires PostgreSQL 16."},
    Key{source_section, "failover", Kind::boolean, "false", "--failover",
        "The slot is a failover slot, which standbys can synchronize. Requires PostgreSQL 17."},
    Key{source_section, "ddl_trigger", Kind::boolean, "false", "--ddl-trigger",
        "Event triggers in the source describe each table that is altered, for exact schema changes. Only a superuser can "
        "create them."},
    Key{source_section, "origin", Kind::choice, "any", "--origin",
        "`none`: only changes that were not themselves replicated into the source.", "any|none"},
    Key{source_section, "logical_decoding_work_mem", Kind::postgres_memory, "256MB", "--logical-decoding-work-mem",
        "`logical_decoding_work_mem` of the server's sender. It is memory on the source."},
    Key{source_section, "slot_timeout", Kind::count, "30", "--slot-timeout",
        "Seconds to wait for a slot that another process reads.", "", 0, most_slot_timeout_s},
    Key{source_section, "network_timeout", Kind::count, "60", "--network-timeout",
        "Seconds of silence after which a connection to the source is considered broken.", "", 1,
        most_network_timeout_s},
    Key{source_section, "startup_timeout", Kind::count, "", "--startup-timeout",
        "Seconds to wait for a source that is not available when a run starts. Default: 300 with `--follow`, 5 without.",
        "", 0, most_source_wait_s},
    Key{source_section, "reconnect_timeout", Kind::count, "", "--reconnect-timeout",
        "Seconds to wait for a source that a run has lost. Default: unlimited with `--follow`, 60 without.", "", 0,
        most_source_wait_s},
    Key{source_section, "snapshot_wait", Kind::count, "300", "--snapshot-wait",
        "Seconds to wait, before tables are copied, for the end of transactions that are writing in the source.", "", 1,
        most_slot_timeout_s},
    Key{source_section, "catalog_poll_interval", Kind::count, "3000", "--catalog-poll-interval",
        "Milliseconds between two catalog polls of a run.", "", least_poll_ms, most_poll_ms},

    Key{credentials_section, "drivername", Kind::text, "postgresql", "",
        "`postgresql` or `postgres`; a suffix after `+` (`postgresql+psycopg2`) is ignored."},
    Key{credentials_section, "database", Kind::text, "", "", "Database."},
    Key{credentials_section, "username", Kind::text, "", "", "Role."},
    Key{credentials_section, "password", Kind::secret, "", "",
        "Password. Absent: `password_file`, `password_command`, then libpq's `PGPASSWORD` and `~/.pgpass`."},
    Key{credentials_section, "password_file", Kind::text, "", "", "A file whose first line is the password."},
    Key{credentials_section, "password_command", Kind::text, "", "",
        "A command for `/bin/sh` whose first line of output is the password."},
    Key{credentials_section, "host", Kind::text, "", "", "Host name, address, or folder of a Unix socket."},
    Key{credentials_section, "port", Kind::text, "5432", "", "Port."},
    Key{credentials_section, "service", Kind::text, "", "", "A section of libpq's `pg_service.conf`."},
    Key{credentials_section, "passfile", Kind::text, "~/.pgpass", "", "libpq's password file."},
    Key{credentials_section, "sslmode", Kind::text, "prefer", "",
        "`disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`."},
    Key{credentials_section, "sslrootcert", Kind::text, "", "",
        "A file with the certificates of the trusted authorities."},
    Key{credentials_section, "sslcert", Kind::text, "", "", "The client's certificate."},
    Key{credentials_section, "sslkey", Kind::text, "", "", "The client's key."},
    Key{credentials_section, "sslpassword", Kind::secret, "", "", "The password of the client's key."},
    Key{credentials_section, "sslcrl", Kind::text, "", "", "A file with the revoked certificates."},
    Key{credentials_section, "sslcrldir", Kind::text, "", "", "A folder with the revoked certificates."},
    Key{credentials_section, "sslsni", Kind::text, "1", "", "Whether the host's name is sent while TLS is set up."},
    Key{credentials_section, "sslcompression", Kind::text, "0", "", "Compression below TLS."},
    Key{credentials_section, "sslcertmode", Kind::text, "", "", "Whether a client certificate is sent (libpq 16)."},
    Key{credentials_section, "sslnegotiation", Kind::text, "", "", "How TLS is negotiated (libpq 17)."},
    Key{credentials_section, "ssl_min_protocol_version", Kind::text, "TLSv1.2", "", "Oldest version of TLS."},
    Key{credentials_section, "ssl_max_protocol_version", Kind::text, "", "", "Newest version of TLS."},
    Key{credentials_section, "connect_timeout", Kind::text, "", "", "Seconds to wait for a connection."},
    Key{credentials_section, "application_name", Kind::text, "walbrook", "", "The name that `pg_stat_activity` shows."},
    Key{credentials_section, "fallback_application_name", Kind::text, "", "",
        "The same, if `application_name` is not set."},
    Key{credentials_section, "options", Kind::text, "", "", "Settings of the session: `-c name=value`."},
    Key{credentials_section, "hostaddr", Kind::text, "", "",
        "The host's address, used instead of looking up its name."},
    Key{credentials_section, "target_session_attrs", Kind::text, "any", "",
        "Which of several hosts is used: `any`, `read-write`, `primary` and others."},
    Key{credentials_section, "load_balance_hosts", Kind::text, "", "",
        "The order in which hosts are tried (libpq 16)."},
    Key{credentials_section, "channel_binding", Kind::text, "prefer", "", "`disable`, `prefer` or `require`."},
    Key{credentials_section, "require_auth", Kind::text, "", "", "The accepted authentication methods (libpq 16)."},
    Key{credentials_section, "requirepeer", Kind::text, "", "", "The user who must own the server, on a Unix socket."},
    Key{credentials_section, "gssencmode", Kind::text, "prefer", "", "Encryption by GSSAPI."},
    Key{credentials_section, "gsslib", Kind::text, "", "", "The GSS library to use."},
    Key{credentials_section, "gssdelegation", Kind::text, "", "", "Whether GSS credentials are delegated (libpq 17)."},
    Key{credentials_section, "krbsrvname", Kind::text, "postgres", "", "Kerberos service name."},
    Key{credentials_section, "client_encoding", Kind::text, "", "",
        "Accepted, without effect: the session is in UTF-8."},
    Key{credentials_section, "keepalives", Kind::text, "1", "", "TCP keepalives."},
    Key{credentials_section, "keepalives_idle", Kind::text, "", "", "Seconds before the first keepalive."},
    Key{credentials_section, "keepalives_interval", Kind::text, "", "", "Seconds between keepalives."},
    Key{credentials_section, "keepalives_count", Kind::text, "", "",
        "The number of keepalives that may stay unanswered."},
    Key{credentials_section, "tcp_user_timeout", Kind::text, "", "",
        "Milliseconds that sent data may stay unacknowledged."},

    Key{duckdb_section, "credentials", Kind::text, "", "--destination",
        "The file: a path or `duckdb:///file.duckdb`. Default: the pipeline's name, else the database's, and `.duckdb`."},
    Key{duckdb_section, "memory_limit", Kind::duckdb_memory, "192MB", "--memory-limit", "DuckDB's `memory_limit`."},
    Key{duckdb_section, "threads", Kind::count, "", "--threads", "DuckDB's `threads`. Default: its own.", "", 1, 1024},
    Key{duckdb_section, "extension_directory", Kind::text, "", "--extension-directory",
        "The folder with DuckDB's extensions. Default: `~/.duckdb/extensions`."},
    Key{duckdb_section, "enum_columns", Kind::boolean, "false", "--enum-columns",
        "Columns of the source's enums have type `ENUM`, and not `VARCHAR`."},
    Key{duckdb_section, "queries", Kind::count, "1", "--queries",
        "Queries that a run answers at the same time. Others wait for their turn.", "", 1, 64},
    Key{duckdb_section, "query_timeout", Kind::count, "300", "--query-timeout",
        "Seconds after which a query is ended. 0: never.", "", 0, most_query_timeout_s},
    Key{duckdb_section, "query_rows", Kind::count, "0", "--query-rows",
        "Maximum number of rows in a result. 0: any number.", "", 0, most_query_rows},
    Key{duckdb_section, "query_bytes", Kind::size, "64MB", "--query-bytes",
        "Maximum size of a result as text; the whole result is held in memory.", "", 1024, 0},
    Key{duckdb_section, "query_memory", Kind::size, "", "--query-memory",
        "Queries are ended when the process has more memory than this. Default: DuckDB's `memory_limit` and 384 MB.",
        "", least_query_memory, 0},

    Key{postgres_section, "credentials", Kind::connection, "", "--destination",
        "The server: a URL, a `key=value` string or a table of the fields of `sources.pg_replication.credentials`."},
    Key{postgres_section, "primary_key", Kind::boolean, "false", "--primary-key",
        "Target tables that are copied get a primary key, on the columns of the source's replica identity."},
    Key{postgres_section, "create_types", Kind::boolean, "false", "--create-types",
        "Enums, domains and composites of the source are created in the destination, and its columns have these types."},

    Key{motherduck_section, "credentials", Kind::text, "", "--destination",
        "The database: `md:shop`, or with its token `md:shop?motherduck_token=…`."},

    Key{filesystem_section, "bucket_url", Kind::text, "", "--destination",
        "The folder or the bucket: `file:///data/lake`, `s3://bucket/lake`."},

    Key{ducklake_section, "credentials", Kind::text, "", "--destination",
        "The lake: `ducklake:CATALOG?data_path=FOLDER`."},
    Key{ducklake_section, "inline_rows", Kind::count, "1000", "--inline-rows",
        "Inserts and deletes of up to so many rows of a load stay in the catalog until maintenance. 0: none.", "", 0,
        1'000'000},
    Key{ducklake_section, "maintenance_interval", Kind::count, "300", "--maintenance-interval",
        "Seconds between two maintenances of the lake, in idle time. 0: never.", "", 0, most_query_timeout_s},
    Key{ducklake_section, "keep_snapshots", Kind::count, "604800", "--keep-snapshots",
        "Seconds for which maintenance keeps old snapshots, for time travel.", "", 0, 3'153'600'000},

    Key{load_section, "batch_rows", Kind::count, "1000000", "--batch-rows",
        "Maximum number of changes in one load.", "", 1, 1'000'000'000},
    Key{load_section, "batch_bytes", Kind::size, "32MB", "--batch-bytes",
        "Maximum memory of one load, and of a transaction before it is spooled in parts.", "", least_batch_bytes, 0},
    Key{load_section, "snapshot_workers", Kind::count, "", "--snapshot-workers",
        "Connections that copy tables. Default: one per core, at most 4.", "", 1, 64},
    Key{load_section, "snapshot_chunk", Kind::size, "64MB", "--snapshot-chunk",
        "A larger table is copied in chunks of this size, by several connections.", "", least_chunk_bytes, 0},
    Key{load_section, "spool_dir", Kind::text, "", "--spool-dir",
        "Folder of the spool, in which changes wait that cannot be applied yet. Default: the destination's."},
    Key{load_section, "max_spool_size", Kind::size, "", "--max-spool-size",
        "Maximum size of the spool. Default: half of the free space in its folder.", "", least_batch_bytes, 0},
    Key{load_section, "retries", Kind::count, "8", "--retries",
        "How often a load that the destination refused is tried again.", "", 0, 1'000'000},
    Key{load_section, "suspended_retry", Kind::count, "0", "--suspended-retry",
        "With `--follow`: seconds until a suspended table is copied again. The wait doubles each time, up to a day. 0: never.", "", 0, 86'400},
    Key{load_section, "on_rewrite", Kind::choice, "resync", "--on-rewrite",
        "What happens to a rewritten table if the catalog cannot tell whether its rows changed.", "resync|ignore"},
    Key{load_section, "resync_max_size", Kind::size, "100GB", "--resync-max-size",
        "A larger table whose rows may differ from the source is marked `suspect` instead of being resynced.",
        "", 0, 0},

    Key{schema_section, "naming", Kind::choice, "exact", "--naming",
        "Names of target tables and their columns: the source's, or snake_case as in dlt.", "exact|snake_case"},
    Key{schema_section, "metadata", Kind::choice, "none", "--metadata",
        "Columns after the source's: `_lsn`, `_commit_ts`, or dlt's `lsn`, `deleted_ts`, `_dlt_load_id`.",
        "none|walbrook|dlt"},

    Key{runtime_section, "log_level", Kind::choice, "info", "--log-level",
        "Capitals are accepted too; `critical` means `error`.", "trace|debug|info|warning|error|off"},
    Key{runtime_section, "log_format", Kind::choice, "text", "--log-format",
        "Form of the log on stderr; `json` is one object per line.", "text|json"},

    Key{pipeline_section, "source", Kind::choice, "pg_replication", "", "The kind of source.", "pg_replication"},
    Key{pipeline_section, "destination", Kind::text, "duckdb", "--destination",
        "A kind whose section says where it is: `duckdb`, `postgresql`, `filesystem`, `ducklake`, `motherduck`; or the pipeline's own file or URL."},
    Key{pipeline_section, "dataset_name", Kind::name, "", "--dataset",
        "Schema of all target tables. Default: the schema that each table has in the source."},
    Key{table_section, "name", Kind::text, "", "--table", "A table: `orders` or `sales.items`."},
    Key{table_section, "columns", Kind::texts, "", "--table", "The columns to copy. Default: all."},
    Key{override_section, "name", Kind::text, "", "", "The column's name in the target table."},
    Key{override_section, "data_type", Kind::text, "", "", "A wider type: `text`, `bigint`, `decimal`, `double`, or DuckDB's name of one."},
    Key{override_section, "precision", Kind::count, "", "", "Digits of a decimal, bits of a bigint.", "", 1, 64},
    Key{override_section, "scale", Kind::count, "", "", "Digits of a decimal after the point.", "", 0, 38},
    Key{override_section, "timezone", Kind::boolean, "", "",
        "Whether a timestamp or time has a time zone; accepted if this is already true."},
    Key{override_section, "nullable", Kind::boolean, "", "", "`true`: columns of target tables accept NULL."},
    Key{override_section, "primary_key", Kind::boolean, "", "",
        "Whether the column belongs to the replica identity; accepted if this is already true."},
    Key{override_section, "merge_key", Kind::boolean, "", "", "The same as `primary_key`."},
    Key{override_section, "description", Kind::text, "", "", "The comment of the target table's column."},
};
// clang-format on

// The fields of libpq's connections, which a destination's credentials have like the source's.
constexpr std::size_t credential_fields = std::ranges::count(all_keys, credentials_section, &Key::section);

constexpr auto postgres_credentials = [] {
  std::array<Key, credential_fields> fields = {};
  std::size_t count = 0;
  for (const auto& key : all_keys) {
    if (key.section != credentials_section) continue;
    fields[count] = key;
    fields[count++].section = postgres_credentials_section;
  }
  return fields;
}();

bool is_written_in_pipelines(const Key& key) {
  return key.section == source_section || key.section == load_section || key.section == schema_section ||
         ((key.section == duckdb_section || key.section == postgres_section || key.section == ducklake_section) &&
          key.name != "credentials");
}

std::string joined(std::span<const std::string> parts) {
  return fmt::format("{}", fmt::join(parts, "."));
}

const Key* key_named(std::string_view section, std::string_view name) {
  const auto is_named = [&](const Key& key) { return key.section == section && key.name == name; };
  if (section == postgres_credentials_section) {
    const auto* const field = std::ranges::find_if(postgres_credentials, is_named);
    return field == postgres_credentials.end() ? nullptr : field;
  }
  const auto* const found = std::ranges::find_if(all_keys, is_named);
  return found == all_keys.end() ? nullptr : found;
}

const Key* key_in_pipeline(std::span<const std::string> rest) {
  const std::string name = joined(rest);
  if (const Key* own = key_named(pipeline_section, name)) return own;
  if (rest.size() == 2 && rest[0] == "tables") return key_named(table_section, rest[1]);
  if (rest.size() == 4 && rest[0] == "tables" && rest[1] == "overrides") return key_named(override_section, rest[3]);
  if (rest.size() == 2 && rest[0] == "credentials") return key_named(credentials_section, rest[1]);
  const auto* const found =
      std::ranges::find_if(all_keys, [&](const Key& key) { return is_written_in_pipelines(key) && key.name == name; });
  return found == all_keys.end() ? nullptr : found;
}

[[noreturn]] void refuse_value(const Value& value, std::string_view why, std::string hint) {
  throw Error(ErrorKind::configuration, fmt::format("{} \"{}\" {}", value.origin.label(), printable(value.text), why),
              std::move(hint));
}

void check_drivername(const Value& value) {
  const auto driver = value.text.substr(0, value.text.find('+'));
  if (driver == "postgresql" || driver == "postgres") return;
  refuse_value(value, "is not PostgreSQL", "Known: postgresql, postgres, postgresql+psycopg2.");
}

}  // namespace

std::string Key::full_name() const {
  return fmt::format("{}.{}", section, name);
}

std::string Key::variable() const {
  std::string text;
  for (const char c : full_name()) {
    if (c == '.') {
      text += "__";
    } else {
      text += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return text;
}

std::string Key::name_in_pipeline() const {
  if (is_written_in_pipelines(*this) || section == pipeline_section)
    return fmt::format("{}.{}", pipeline_section, name);
  if (section == table_section || section == override_section) return full_name();
  return section == credentials_section ? fmt::format("{}.credentials.{}", pipeline_section, name) : std::string();
}

std::span<const Key> keys() {
  return all_keys;
}

const Key& key(std::string_view full_name) {
  const auto dot = full_name.rfind('.');
  const Key* found = key_named(full_name.substr(0, dot), full_name.substr(dot + 1));
  if (found == nullptr) throw Error(ErrorKind::internal, fmt::format("there is no setting {}", full_name));
  return *found;
}

bool is_credential(const Key& key) {
  return key.section == credentials_section || key.section == postgres_credentials_section;
}

bool is_of_a_table(const Key& key) {
  return key.section.starts_with("pipelines.NAME.tables");
}

bool is_destination_name(const Key& key) {
  return key.full_name() == destination_key || (key.section == "pipelines.NAME" && key.name == "destination");
}

bool is_place_with_secrets(const Key& key) {
  const auto name = key.full_name();
  return name == "destination.motherduck.credentials" || name == "destination.ducklake.credentials" ||
         name == bucket_key;
}

std::optional<Place> find_place(const std::vector<std::string>& path) {
  if (path.size() < 2) return std::nullopt;
  if (path[0] == "pipelines") {
    if (path.size() < 3) return std::nullopt;
    const Key* found = key_in_pipeline(std::span(path).subspan(2));
    if (found == nullptr) return std::nullopt;
    return Place{.key = found, .pipeline = path[1], .column = found->section == override_section ? path[4] : ""};
  }
  // As in dlt when the credentials are fields.
  if (joined(path) == "destination.duckdb.credentials.database") {
    return Place{.key = &key("destination.duckdb.credentials"), .pipeline = {}};
  }
  const Key* found = key_named(joined(std::span(path).first(path.size() - 1)), path.back());
  if (found == nullptr) return std::nullopt;
  return Place{.key = found, .pipeline = {}};
}

std::string nearest_key(const std::vector<std::string>& path) {
  std::vector<std::string> known;
  const bool in_pipeline = path.size() > 2 && path[0] == "pipelines";
  for (const auto& candidate : all_keys) {
    std::string name = in_pipeline ? candidate.name_in_pipeline() : candidate.full_name();
    if (name.empty() || in_pipeline != name.starts_with(pipeline_section)) continue;
    if (in_pipeline) name.replace(name.find("NAME"), 4, path[1]);
    if (const auto column = name.find("COLUMN"); column != std::string::npos) {
      if (path.size() < 5) continue;
      name.replace(column, 6, path[4]);
    }
    known.push_back(std::move(name));
  }
  // Names of the same section are tried first: a whole path is so long that anything is near.
  const std::string section = joined(std::span(path).first(path.size() - 1)) + ".";
  std::vector<std::string> names;
  for (const auto& name : known) {
    if (name.starts_with(section) && name.find('.', section.size()) == std::string::npos)
      names.push_back(name.substr(section.size()));
  }
  const auto last = nearest(path.back(), names);
  if (!last.empty()) return section + last;
  const auto whole = joined(path);
  auto near = nearest(whole, known);
  // If the same name exists in another section, most often a section header such as [load] was forgotten.
  if (near.empty()) {
    const auto* const elsewhere = std::ranges::find_if(all_keys, [&](const Key& k) { return k.name == path.back(); });
    return elsewhere == all_keys.end() ? std::string() : elsewhere->full_name();
  }
  return near;
}

std::vector<std::string> choices_of(const Key& key) {
  std::vector<std::string> out;
  for (auto rest = key.choices; !rest.empty();) {
    const auto end = std::min(rest.find('|'), rest.size());
    out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

void check_value(const Key& key, const Value& value) {
  const std::string label = value.origin.label();
  switch (key.kind) {
    case Kind::name:
      check_name(label, value.text);
      return;
    case Kind::slot_name:
      check_slot_name(label, value.text);
      return;
    case Kind::publications:
      static_cast<void>(parse_publications(label, value.text));
      return;
    case Kind::boolean:
      if (value.text != "true" && value.text != "false") refuse_value(value, "is neither true nor false", {});
      return;
    case Kind::count:
      static_cast<void>(parse_count(label, value.text, key.least, key.most));
      return;
    case Kind::size:
      static_cast<void>(parse_size(label, value.text, key.least));
      return;
    case Kind::postgres_memory:
      check_postgres_memory(label, value.text);
      return;
    case Kind::duckdb_memory:
      check_duckdb_memory(label, value.text);
      return;
    case Kind::choice: {
      const auto known = choices_of(key);
      if (std::ranges::find(known, value.text) != known.end()) return;
      refuse_value(value, "is not known", fmt::format("Known: {}.", fmt::join(known, ", ")));
    }
    case Kind::text:
      if (key.name == "drivername") check_drivername(value);
      return;
    case Kind::texts:
    case Kind::connection:
    case Kind::secret:
      return;
  }
}

}  // namespace walbrook::config
