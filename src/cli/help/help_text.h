// The text of --help around the flags: the purpose of each command, and examples, in which lines that begin with "$ "
// can be typed. The manual pages are made from it (cmake/Describe.cmake). help2man reads "Files:", "Environment:" and
// "Examples:" as sections and two spaces as the separator between a term and its meaning. It keeps lines with "$ " as
// separate lines.
#pragma once

#include <string_view>

namespace walbrook::cli {

inline constexpr std::string_view walbrook_help =
    R"help(walbrook replicates tables of a PostgreSQL database into a DuckDB file or another PostgreSQL database.

  It reads PostgreSQL's logical replication stream and applies it transaction by transaction.
  A reader always sees the source as of a whole number of committed transactions.
  Rows and position are committed together: it can be killed at any moment, and nothing is lost or applied twice.
  In the source it creates only a publication with a comment, a replication slot, and a temporary slot at the
  beginning of each copy. It needs no server of its own, no broker and no JVM.

  Exit codes: 0 done, 1 failed, 2 usage, 3 the source is not ready, 4 the destination is not ready,
  5 data need attention. `walbrook COMMAND --help` describes each command.)help";

inline constexpr std::string_view walbrook_examples =
    R"help(Files:
  .walbrook/config.toml    settings in place of flags; `walbrook config` shows them
  .walbrook/secrets.toml   passwords; ~/.pgpass and a libpq service also work

Environment:
  PGPASSWORD, PGHOST, …    libpq's own variables
  LOAD__BATCH_ROWS, …      every setting by its name; SOURCES__PG_REPLICATION__CREDENTIALS is the
                           source, with its password, which does not belong on the command line

Examples:
  $ walbrook check --source postgresql://loader@db.example.com/shop
  $ walbrook run   --source postgresql://loader@db.example.com/shop --follow
  $ walbrook sql   --destination duckdb:///shop.duckdb "SELECT count(*) FROM orders")help";

inline constexpr std::string_view init_help =
    R"help(Creates a project folder with everything that a pipeline needs, to be filled in.

  .walbrook/config.toml with a pipeline, .walbrook/secrets.toml (mode 600), .gitignore, README.md.
  Existing files are kept. SOURCE is pg_replication, DESTINATION is duckdb or postgresql; both are optional.)help";

inline constexpr std::string_view init_examples =
    R"help(Examples:
  $ walbrook init
  $ walbrook init pg_replication duckdb --project copies
  $ walbrook init pg_replication postgresql)help";

inline constexpr std::string_view run_help =
    R"help(Copies new tables and applies every committed change.

  By default it copies tables that are not copied yet, applies everything that was committed before the start,
  and ends with exit code 0. With --follow it continues until SIGINT or SIGTERM (a second one ends it at once).)help";

inline constexpr std::string_view run_examples =
    R"help(Examples:
  $ walbrook run --source postgresql://loader@127.0.0.1/shop
      all tables of schema public, into ./shop.duckdb
  $ walbrook run --source "service=shop" --destination duckdb:////srv/copies/shop.duckdb --follow
      follows every commit; the path is absolute (four slashes)
  $ walbrook run --source "service=shop" --destination postgresql://loader@dwh.example.com/copies
      into a database of another server, which must exist
  $ walbrook run --source "service=shop" --destination "ducklake:postgres:dbname=lake?data_path=/data/lake" --follow
      into a lake whose catalog is in the database lake, and its Parquet files in /data/lake
  $ walbrook run shop --follow
      [pipelines.shop] of .walbrook/config.toml
  $ PGHOST=127.0.0.1 PGDATABASE=shop walbrook run --table orders --table "sales.items(id,price)"
      two tables, one of them with two columns; libpq's environment names the source)help";

inline constexpr std::string_view check_help =
    R"help(Reports everything that would make a run fail or the replica differ, and how to fix it.

  It checks the server's version and settings, privileges, tables and their replica identity, publication, slot
  and destination. It changes nothing on either side. The exit code is 0 if a run can start.)help";

inline constexpr std::string_view check_examples =
    R"help(Examples:
  $ walbrook check --source postgresql://loader@127.0.0.1/shop
  $ walbrook check --source "service=shop" --table orders --table customers
  $ walbrook check --json | jq '.[] | select(.severity == "error")')help";

inline constexpr std::string_view status_help =
    R"help(Shows what a run is doing, or the state that the last one left.

  It asks the run that holds the destination; if none answers, it reads the state stored in the destination.
  The source is not contacted.)help";

inline constexpr std::string_view status_examples =
    R"help(Examples:
  $ walbrook status --destination duckdb:///shop.duckdb
  $ walbrook status --source postgresql://loader@127.0.0.1/shop
      finds ./shop.duckdb
  $ walbrook status --destination duckdb:///shop.duckdb --json | jq .lag_ms)help";

inline constexpr std::string_view resync_help =
    R"help(Copies tables again: those that are marked `suspect`, or whose rows you do not trust.

  A run that holds the destination takes the request at once and continues with the other tables. If no run
  is at work, the next one copies the tables. Readers see the present target table until the new one replaces it.

  With --where, only the rows of one table whose key satisfies a condition are copied again, and rows that the
  source does not have among them are removed; the table goes on streaming meanwhile. The source is asked whether
  it understands the condition before the request is stored. The table needs a key of numbers, text, dates, times,
  booleans or UUIDs, and the destination must be a DuckDB file, a PostgreSQL database or a lake.)help";

inline constexpr std::string_view resync_examples =
    R"help(Examples:
  $ walbrook resync public.orders --destination duckdb:///shop.duckdb
  $ walbrook resync orders "sales.Items" --pipeline shop
  $ walbrook resync orders --where "id BETWEEN 4000 AND 4999" --pipeline shop)help";

inline constexpr std::string_view suspend_help =
    R"help(Suspends tables: their changes are no longer applied, and their rows stay as they are.

  A run that holds the destination suspends the tables between two transactions and continues with the others.
  Later runs leave them suspended too, and do not exit with code 5 for them. `walbrook resume` ends it.)help";

inline constexpr std::string_view suspend_examples =
    R"help(Examples:
  $ walbrook suspend public.orders --destination duckdb:///shop.duckdb
  $ walbrook suspend orders "sales.Items" --pipeline shop)help";

inline constexpr std::string_view resume_help =
    R"help(Copies suspended tables again, and continues with their changes.

  The tables may have been suspended by `walbrook suspend` or by a run that could not continue with them. A run that
  holds the destination takes the request at once; if no run is at work, the next one copies the tables. Readers see
  the present target table until the new one replaces it.)help";

inline constexpr std::string_view resume_examples =
    R"help(Examples:
  $ walbrook resume public.orders --destination duckdb:///shop.duckdb
  $ walbrook resume orders "sales.Items" --pipeline shop)help";

inline constexpr std::string_view compact_help =
    R"help(Compacts a destination of files, or a lake: the rows of each table go to fewer and larger files.

  In a destination of files, the current state of each table replaces its changes, and one new manifest names the
  new files. In a lake, it is the maintenance that a run does by itself, and files that belong to no table are
  removed. Readers see the same rows before and after. The former files stay for an hour, for queries that began
  earlier; the next run or compaction after that removes them. No run of the pipeline may be at work meanwhile.
  A destination whose rows change in place, such as a DuckDB file, needs no compaction and is refused.)help";

inline constexpr std::string_view compact_examples =
    R"help(Examples:
  $ walbrook compact --destination file:///data/lake
  $ walbrook compact shop --keep-snapshots 86400
      a lake: snapshots of the last day stay
  $ walbrook compact shop --json | jq .tables)help";

inline constexpr std::string_view sql_help =
    R"help(Queries the target tables: runs one read-only statement in the destination's SQL, DuckDB's or PostgreSQL's.

  The run that holds the destination answers it; if there is none, the destination is opened read-only.
  A result corresponds to one LSN of the source, which is printed. A lake also answers from an earlier LSN (--at).)help";

inline constexpr std::string_view sql_examples =
    R"help(Examples:
  $ walbrook sql --destination duckdb:///shop.duckdb "SELECT status, count(*) FROM orders GROUP BY ALL"
  $ walbrook sql --destination duckdb:///shop.duckdb --csv "FROM customers" > customers.csv
  $ walbrook sql --destination duckdb:///shop.duckdb --json "SELECT max(id) AS newest FROM orders"
  $ walbrook sql --pipeline shop --at 0/1A2B3C8 "FROM orders")help";

inline constexpr std::string_view decode_help =
    R"help(Shows what a slot would send, message by message, or what a capture holds.

  Nothing is consumed: the next run receives all of it. No other process can read the slot in the meantime.
  With --record the frames are written to a file, which can be decoded later and elsewhere.)help";

inline constexpr std::string_view decode_examples =
    R"help(Examples:
  $ walbrook decode --source postgresql://loader@127.0.0.1/shop --limit 100
  $ walbrook decode --source "service=shop" --table public.orders --json | jq .after
  $ walbrook decode --source "service=shop" --streaming on --record shop.capture
  $ walbrook decode shop.capture --from-lsn 0/1538D18)help";

inline constexpr std::string_view config_help =
    R"help(Shows every setting with its value, and where it is set.

  Flags take precedence over the environment, the environment over .walbrook/secrets.toml, secrets.toml over
  .walbrook/config.toml, and all of them over the defaults. Passwords are shown as ***.)help";

inline constexpr std::string_view config_examples =
    R"help(Examples:
  $ walbrook config
  $ walbrook config shop --project /srv/copies
  $ LOAD__BATCH_ROWS=1000 walbrook config --json | jq '.settings[] | select(.from != "default")')help";

inline constexpr std::string_view pipeline_help =
    R"help(Shows, sets up or drops a pipeline, from the state that its destination stores, also during a run.

  info     source, slot, publication, checkpoint; tables with their state and rows
  loads    the newest loads: LSN range, counts, times
  trace    the newest load in detail: rows of each table, duration, schema changes
  failed   suspended tables, the reason for each, and how to fix it
  schema   SQL that creates the target tables, empty; keys and sources as comments
  sync     writes the pipeline's configuration on a new machine, from what the destination stores
  drop     drops tables with their state, or all: target tables, state, slot, and the publication
           if walbrook created it
  NAME is [pipelines.NAME] of the configuration, or any pipeline in the destination.)help";

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

  It is generated from the command's own definitions. The scripts call `walbrook completion pipelines`, which prints
  the names of the pipelines in the current folder's configuration. `walbrook completion commands` prints the names
  of the commands.)help";

inline constexpr std::string_view completion_examples =
    R"help(Examples:
  $ source <(walbrook completion bash)
  $ walbrook completion bash > ~/.local/share/bash-completion/completions/walbrook
  $ walbrook completion zsh > ~/.zfunc/_walbrook
  $ walbrook completion fish > ~/.config/fish/completions/walbrook.fish)help";

}  // namespace walbrook::cli
