// A scenario: a *.test file in this folder. Sections of SQL, each behind a directive that stands alone at the start of
// a line; a first comment that says what happens and what others do wrong.
//
//   setup | changes            SQL on the main session, statement by statement as psql does it
//   session NAME               SQL on a session of its own, which stays open: so does its transaction
//   session NAME meanwhile     the same, sent when the next `run` starts and waited for behind it
//   run [FLAG…]                walbrook run, once; then every published table is compared with the copy
//   crash                      the server is ended at once (immediate) and started again
// Behind a `run`:
//   expect exit N              instead of 0; the copy is compared only behind exit 0
//   expect output TEXT         stands in what it wrote to stdout or stderr (where SQL comes between runs)
//   expect no output TEXT      does not stand there: "copied again" of a table that needs no resync
//   rows SCHEMA.TABLE = N      so many rows are in the copy (names of the copy)
//   kept SCHEMA.TABLE…         these were not copied again since the `run` before (names of the source)
//   resynced SCHEMA.TABLE…     these were
// From there on:
//   tables SCHEMA.TABLE… | all what is compared
//   gone SCHEMA.TABLE COLUMN…  the source no longer has these columns, the copy keeps them
//   user NAME                  walbrook logs in as this role
// Anywhere before the first section:
//   only CONFIGURATION…        in these configurations alone
//   also CONFIGURATION…        in these too, which are not for every file
//   servers 15- | -17 | 15-17  on servers of these major versions alone
//   smoke                      one of the few that run on every supported server in every test run
//   schema_changes             in every run mode as well: while a run follows, with runs in between (scenario_run.h)
//
// SQL lines at the start of a line begin with a capital letter; a line there that begins with a small one must be a
// directive. `:database` in SQL and directives is the name of the scenario's database, for what is the server's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace walbrook::test {

struct Step {
  enum class Kind { sql, run, crash, tables, gone, user };
  Kind kind = Kind::sql;
  int line = 0;
  std::string session;             // of sql; "" = the main one
  bool meanwhile = false;          // of sql
  std::string sql;                 //
  std::vector<std::string> words;  // flags of run, tables, table and columns of gone, the user
  int exit_code = 0;               // of run
  std::vector<std::string> output;
  std::vector<std::string> absent;
  struct RowCount {
    std::string table;
    long rows;
  };
  std::vector<RowCount> counts;
  std::vector<std::string> kept, resynced;  // tables, of run
};

// Major versions of servers, both ends among them.
struct ServerRange {
  int least = 0;
  int most = 99;
  [[nodiscard]] bool holds(int major) const { return least <= major && major <= most; }
};

struct Scenario {
  std::filesystem::path file;
  std::vector<std::string> only;  // configurations; empty = all that are for every file
  std::vector<std::string> also;
  ServerRange servers;
  bool smoke = false;
  bool schema_changes = false;
  std::vector<Step> steps;
};

// Throws std::runtime_error "FILE:LINE: reason" for anything that is not in the list above.
[[nodiscard]] Scenario parse_scenario(const std::filesystem::path& file, const std::string& text,
                                      const std::string& database);

// Single statements, as psql sees them: split at ';' outside of quotes, dollar quotes and comments.
[[nodiscard]] std::vector<std::string> split_statements(const std::string& sql);

}  // namespace walbrook::test
