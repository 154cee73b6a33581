// What to do about an error, in typed parts, so that each program that shows it uses the names of its own options and
// calls.
//
//   for (const auto& part : error.remedy().parts()) {
//     if (const auto* sql = std::get_if<walbrook::ExecuteSql>(&part)) std::cout << sql->statement << '\n';
//   }
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "walbrook/export.h"

namespace walbrook {

// An option that a remedy names: an option of the library or a flag of the command.
enum class RemedyOption {
  source,  // in the library, credentials
  destination,
  slot,
  publication,
  schema,
  tables,
  dataset,
  snapshot_wait,
  accept_new_system,
  failover,
  standby,
  reset,
  query_rows,
  query_timeout,
  query_memory,
  spool_dir,
  max_spool_size,
  // Only the command has the options from here on.
  adopt_slot,
  query_bytes,
  protocol,
  streaming,
  skip_transaction,
  only,
  destination_only,
};

// An action that a remedy asks for.
enum class RemedyAction {
  run,                // run the pipeline
  run_again,          // run the pipeline again
  run_first,          // run the pipeline first
  create,             // create the publication and the slot
  reset,              // create publication, slot and target tables again
  accept_new_system,  // run, and accept another system identifier
  skip_transaction,   // run, and skip the transaction that commits at the LSN `argument`
  resync,             // copy the table `argument` again
  record_capture,     // record what the slot sends
};

struct ExecuteSql {  // a statement to execute in the source; ends with a semicolon
  std::string statement;
};
struct SetOption {
  RemedyOption option;
  std::string value = {};  // empty: only the option is named
};
struct TakeAction {
  RemedyAction action;
  std::string argument = {};
};
struct OfTheCommand {  // text about what only the command can do
  std::string words;
};
using RemedyPart = std::variant<std::string, ExecuteSql, SetOption, TakeAction, OfTheCommand>;  // a string is text

// Rendered one after the other, the parts are full sentences. Copies share nothing.
class WALBROOK_EXPORT Remedy {
 public:
  Remedy() = default;
  Remedy(const char* words);     // NOLINT(google-explicit-constructor): words alone are what most remedies are
  Remedy(std::string words);     // NOLINT(google-explicit-constructor)
  Remedy(ExecuteSql statement);  // NOLINT(google-explicit-constructor)
  explicit Remedy(std::vector<RemedyPart> parts);

  [[nodiscard]] bool empty() const { return parts_.empty(); }
  [[nodiscard]] const std::vector<RemedyPart>& parts() const { return parts_; }
  // Appends the parts of `more`.
  Remedy& operator+=(const Remedy& more);

 private:
  std::vector<RemedyPart> parts_;
};

}  // namespace walbrook
