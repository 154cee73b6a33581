// The text of --help around the flags: the purpose of each command, and examples, in which lines that begin with "$ "
// can be typed. The manual pages are made from it (cmake/Describe.cmake). help2man reads "Files:", "Environment:" and
// "Examples:" as sections and two spaces as the separator between a term and its meaning. It keeps lines with "$ " as
// separate lines.
#pragma once

#include <string_view>

namespace walbrook::cli {

inline constexpr std::string_view walbrook_help =
    R"help(walbrook keeps a DuckDB file identical to tables of a PostgreSQL database.

  It reads PostgreSQL's logical replication stream and applies it transaction by transaction.
  What you read is always the source after some whole number of committed transactions.
  Rows and position are committed together: kill it at any moment, nothing is lost or doubled.
  In the source it makes a publication and a replication slot, nothing else.
  The copy is an ordinary DuckDB file: no server, no broker, no JVM.

  Exit codes: 0 done, 1 failed, 2 usage, 3 the source is not ready, 4 the destination is not ready,
  5 data need attention. `walbrook COMMAND --help` tells more of each command.)help";

inline constexpr std::string_view walbrook_examples =
    R"help(Files:
  .walbrook/config.toml    settings, which flags need not say: `walbrook config` shows them
  .walbrook/secrets.toml   passwords, as also ~/.pgpass and a libpq service may hold them

Environment:
  PGPASSWORD, PGHOST, …    what libpq knows
  LOAD__BATCH_ROWS, …    every setting by its name; SOURCES__PG_REPLICATION__CREDENTIALS is the
                           source with its password, which does not belong on the command line

Examples:
  $ walbrook check --source postgresql://loader@db.example.com/shop
  $ walbrook run   --source postgresql://loader@db.example.com/shop --follow
  $ walbrook sql   --destination duckdb:///shop.duckdb "SELECT count(*) FROM orders")help";

inline constexpr std::string_view init_help =
    R"help(Makes a project folder: everything that a pipeline needs, to be filled in.

  .walbrook/config.toml with a pipeline, .walbrook/secrets.toml (mode 600), .gitignore, README.md.
  What is there is kept. SOURCE is pg_replication, DESTINATION duckdb; both may be left out.)help";

inline constexpr std::string_view init_examples =
    R"help(Examples:
  $ walbrook init
  $ walbrook init pg_replication duckdb --project copies)help";

inline constexpr std::string_view run_help =
    R"help(Copies what is new and applies every committed change.

  Once: copies tables that are not copied yet, applies everything that was committed before the start,
  ends with exit code 0. With --follow it goes on until SIGINT or SIGTERM (a second one ends it at once).)help";

inline constexpr std::string_view run_examples =
    R"help(Examples:
  $ walbrook run --source postgresql://loader@127.0.0.1/shop
      all tables of schema public, into ./shop.duckdb
  $ walbrook run --source "service=shop" --destination duckdb:////srv/copies/shop.duckdb --follow
      goes on with every commit; the path is absolute (four slashes)
  $ walbrook run shop --follow
      [pipelines.shop] of .walbrook/config.toml
  $ PGHOST=127.0.0.1 PGDATABASE=shop walbrook run --table orders --table "sales.items(id,price)"
      two tables, of one of them two columns; the source from libpq's environment)help";

inline constexpr std::string_view check_help =
    R"help(Looks for everything that would make a run fail or the copy differ, and says how to fix it.

  Server version and settings, rights, tables and their replica identity, publication, slot, destination.
  Changes nothing on either side. Exit code 0 when a run can start.)help";

inline constexpr std::string_view check_examples =
    R"help(Examples:
  $ walbrook check --source postgresql://loader@127.0.0.1/shop
  $ walbrook check --source "service=shop" --table orders --table customers
  $ walbrook check --json | jq '.[] | select(.severity == "error")')help";

inline constexpr std::string_view status_help =
    R"help(What a run is doing now, or what the last one left behind.

  Asks the run that holds the destination; where none answers, reads the destination's own state.
  The source is not asked.)help";

inline constexpr std::string_view status_examples =
    R"help(Examples:
  $ walbrook status --destination duckdb:///shop.duckdb
  $ walbrook status --source postgresql://loader@127.0.0.1/shop
      finds ./shop.duckdb
  $ walbrook status --destination duckdb:///shop.duckdb --json | jq .lag_ms)help";

inline constexpr std::string_view resync_help =
    R"help(Copies tables again from the source: after `suspect`, or wherever a target table is not trusted.

  A run that holds the destination takes the request at once and goes on with the other tables. Where no run
  is at work, the next one copies the tables. Readers see the present target table until the new one replaces it.)help";

inline constexpr std::string_view resync_examples =
    R"help(Examples:
  $ walbrook resync public.orders --destination duckdb:///shop.duckdb
  $ walbrook resync orders "sales.Items" --pipeline shop)help";

inline constexpr std::string_view sql_help =
    R"help(Asks the copy. One statement that only reads, in DuckDB's SQL.

  Goes through the run that holds the destination, or opens it read-only where none does.
  All of one answer is the source at one LSN, which is told.)help";

inline constexpr std::string_view sql_examples =
    R"help(Examples:
  $ walbrook sql --destination duckdb:///shop.duckdb "SELECT status, count(*) FROM orders GROUP BY ALL"
  $ walbrook sql --destination duckdb:///shop.duckdb --csv "FROM customers" > customers.csv
  $ walbrook sql --destination duckdb:///shop.duckdb --json "SELECT max(id) AS newest FROM orders")help";

inline constexpr std::string_view decode_help =
    R"help(Shows what a slot would send, message by message, or what a capture holds.

  The slot is peeked at: nothing is consumed, the next run gets all of it. Nobody else may read the slot
  at that time. With --record the frames go to a file, which can be looked at later and elsewhere.)help";

inline constexpr std::string_view decode_examples =
    R"help(Examples:
  $ walbrook decode --source postgresql://loader@127.0.0.1/shop --limit 100
  $ walbrook decode --source "service=shop" --table public.orders --json | jq .after
  $ walbrook decode --source "service=shop" --streaming on --record shop.capture
  $ walbrook decode shop.capture --from-lsn 0/1538D18)help";

inline constexpr std::string_view config_help =
    R"help(Shows every setting: what counts, and where it was said.

  Flags go before the environment, the environment before .walbrook/secrets.toml and .walbrook/config.toml,
  these before the defaults. Passwords are shown as ***.)help";

inline constexpr std::string_view config_examples =
    R"help(Examples:
  $ walbrook config
  $ walbrook config shop --project /srv/copies
  $ LOAD__BATCH_ROWS=1000 walbrook config --json | jq '.settings[] | select(.from != "default")')help";

inline constexpr std::string_view pipeline_help =
    R"help(Looks at a pipeline where its state is, in the destination; also while a run holds it.

  info     source, slot, publication, checkpoint; tables with their state and rows
  loads    the newest loads: LSN range, counts, times
  trace    the newest load in detail: rows of each table, duration, what changed in schemas
  failed   tables that were suspended, why, and how to fix that
  schema   SQL that makes the tables of the copy, empty; keys and sources as comments
  sync     picks the pipeline up on a new machine: what is known of it becomes configuration
  drop     tables with their state, or all: copies, state, slot, publication if walbrook made it
  NAME is [pipelines.NAME] of the configuration, or any in the file that --destination names.)help";

inline constexpr std::string_view pipeline_examples =
    R"help(Examples:
  $ walbrook pipeline --list
  $ walbrook pipeline shop info
  $ walbrook pipeline shop schema
  $ walbrook pipeline shop sync --destination duckdb:////srv/copies/shop.duckdb
  $ walbrook pipeline shop drop public.orders
  $ walbrook pipeline shop drop --yes)help";

inline constexpr std::string_view completion_help =
    R"help(Writes a script for bash, zsh or fish that completes commands, flags and their values.

  It is made from what the command knows of itself. `walbrook completion pipelines`, which the scripts call,
  gives the names of the pipelines in the current folder's configuration, `walbrook completion commands` those
  of the commands.)help";

inline constexpr std::string_view completion_examples =
    R"help(Examples:
  $ source <(walbrook completion bash)
  $ walbrook completion bash > ~/.local/share/bash-completion/completions/walbrook
  $ walbrook completion zsh > ~/.zfunc/_walbrook
  $ walbrook completion fish > ~/.config/fish/completions/walbrook.fish)help";

}  // namespace walbrook::cli
