// A scenario is a *.test file in this folder. It has sections of SQL, each after a directive on its own line, and a
// first comment that describes what happens and what other tools do wrong.
//
//   setup | changes            SQL on the main session, statement by statement as psql does it
//   session NAME               SQL on a separate session, which stays open with its transaction
//   session NAME meanwhile     the same, but sent when the next `run` starts, and waited for after it
//   run [FLAG…]                walbrook run, once; then every published table is compared with its target table; with
//                              --keyless, those of the second publication too
//   crash                      the server is stopped at once (immediate) and started again
//   suspend | resume TABLE…    the command walbrook suspend or resume
//   resync TABLE where CONDITION
//                              the command walbrook resync TABLE --where CONDITION
// After a `run`:
//   expect exit N              instead of 0; tables are compared only if the exit code is 0
//   expect output TEXT         TEXT is in stdout or stderr (in the run mode with SQL between runs)
//   expect no output TEXT      TEXT is in neither: "copied again" for a table that needs no resync
//   rows SCHEMA.TABLE = N      the target table has N rows (names of the destination)
//   kept SCHEMA.TABLE[=FORMER]…
//                              these were not copied again since the previous `run`, when their names were FORMER
//                              (names of the source)
//   resynced SCHEMA.TABLE…     these were
// From there on:
//   tables SCHEMA.TABLE… | all the tables that are compared
//   gone SCHEMA.TABLE [COLUMN…]
//                              the source has dropped these columns and no others, the target table keeps them
//   user NAME                  walbrook logs in as this role
//   publications NAME…         walbrook replicates these, instead of the one called walbrook
// Anywhere before the first section:
//   only CONFIGURATION…        runs in these configurations only
//   also CONFIGURATION…        runs in these as well, which are not for every file; `to_NAME` is a destination with the
//                              defaults, and CONFIGURATION_to_NAME one in a configuration
//   destinations NAME…         is replicated into these only
//   servers 15- | -17 | 15-17  runs on servers of these major versions only
//   extension NAME             is skipped on a server that does not have this extension
//   smoke                      one of the few that run into every kind of destination in every test run
//   schema_changes             also runs in every run mode: while a run follows, with runs in between (scenario_run.h)
//
// A line of SQL without indentation begins with a capital letter; a line without indentation that begins with a small
// letter must be a directive. `:database` in SQL and directives is the name of the scenario's database, for objects of
// the whole server.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace walbrook::test {

struct Step {
  enum class Kind { sql, run, crash, request, tables, gone, user, publications };
  Kind kind = Kind::sql;
  int line = 0;
  std::string session;     // of sql; "": the main one
  bool meanwhile = false;  // of sql
  std::string sql;         //
  std::vector<std::string>
      words;          // flags of run, command and tables of request, table and columns of gone, the user, …
  int exit_code = 0;  // of run
  std::vector<std::string> output;
  std::vector<std::string> absent;
  struct RowCount {
    std::string table;
    long rows;
  };
  std::vector<RowCount> counts;
  std::vector<std::string> kept, resynced;  // tables, of run
};

// Major versions of servers, inclusive at both ends.
struct ServerRange {
  int least = 0;
  int most = 99;
  [[nodiscard]] bool holds(int major) const { return least <= major && major <= most; }
};

struct Scenario {
  std::filesystem::path file;
  std::vector<std::string> only;  // configurations; empty: all that are for every file
  std::vector<std::string> also;
  std::vector<std::string> destinations;  // empty: all
  ServerRange servers;
  std::string extension;  // that the server needs; "": none
  bool smoke = false;
  bool schema_changes = false;
  std::vector<Step> steps;
};

// Throws std::runtime_error "FILE:LINE: reason" for anything that is not listed above.
[[nodiscard]] Scenario parse_scenario(const std::filesystem::path& file, const std::string& text,
                                      const std::string& database);

// Returns single statements as psql sees them: split at ';' outside of quotes, dollar quotes and comments.
[[nodiscard]] std::vector<std::string> split_statements(const std::string& sql);

}  // namespace walbrook::test
