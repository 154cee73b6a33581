// What to do about an error, in parts, so that whoever shows it names its own options and calls.
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

// What a remedy may set: an option of the library, a flag of the command.
enum class RemedyOption {
  source,  // the library's credentials
  destination,
  slot,
  publication,
  schema,
  tables,
  dataset,
  snapshot_wait,
  adopt_slot,
  accept_new_system,
  reset,
  query_rows,
  query_timeout,
  query_memory,
  spool_dir,
  max_spool_size,
  // The command alone has these.
  query_bytes,
  protocol,
  streaming,
  skip_transaction,
  only,
  destination_only,
};

// What a remedy may have run.
enum class RemedyAction {
  run,                // of the pipeline
  run_again,          //
  run_first,          //
  create,             // publication and slot
  reset,              // publication, slot and copies are created again
  accept_new_system,  // a run that accepts another system identifier
  skip_transaction,   // a run that skips the transaction that commits at the argument
  resync,             // of the table that is the argument
  record_capture,     // of what a slot sends
};

struct ExecuteSql {  // in the source, with the semicolon
  std::string statement;
};
struct SetOption {
  RemedyOption option;
  std::string value = {};  // empty: the option is named alone
};
struct TakeAction {
  RemedyAction action;
  std::string argument = {};
};
struct OfTheCommand {  // words about what the command alone can do
  std::string words;
};
using RemedyPart = std::variant<std::string, ExecuteSql, SetOption, TakeAction, OfTheCommand>;  // a string: words

// Full sentences, once its parts are put into words one after the other. Copies share nothing.
class WALBROOK_EXPORT Remedy {
 public:
  Remedy() = default;
  Remedy(const char* words);     // NOLINT(google-explicit-constructor): words alone are what most remedies are
  Remedy(std::string words);     // NOLINT(google-explicit-constructor)
  Remedy(ExecuteSql statement);  // NOLINT(google-explicit-constructor)
  explicit Remedy(std::vector<RemedyPart> parts);

  [[nodiscard]] bool empty() const { return parts_.empty(); }
  [[nodiscard]] const std::vector<RemedyPart>& parts() const { return parts_; }
  // Puts `more` after it.
  Remedy& operator+=(const Remedy& more);

 private:
  std::vector<RemedyPart> parts_;
};

}  // namespace walbrook
