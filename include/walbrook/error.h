// Everything that fails throws one type: what happened and where, why in one line, what to do, and the facts as fields.
//
//   try {
//     pipeline.run(changes);
//   } catch (const walbrook::Error& error) {
//     std::cerr << error.what() << '\n';                       // "slot shop does not exist …\n  what to do"
//     if (error.kind() == walbrook::ErrorKind::connection) …   // trying again may help
//     if (error.facts().slot == "shop") …
//   }
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "walbrook/export.h"
#include "walbrook/remedy.h"

namespace walbrook {

enum class ErrorKind {
  configuration,      // an option, a flag, a variable, or a name that PostgreSQL's syntax does not allow
  connection,         // the source can't be reached, or the connection broke: trying again may help
  permission_denied,  // the role lacks a right
  source_not_ready,   // no slot, publication or table, a setting, a lost or foreign slot
  protocol,           // the stream said something that the protocol does not allow
  destination,        // the destination is missing, locked, full, of a wrong version
  data,               // one table's data need attention
  in_doubt,           // a load's commit failed and may be durable all the same; the next run finds out and goes on
  internal,           // a broken invariant of our own
};
[[nodiscard]] WALBROOK_EXPORT std::string_view to_string(ErrorKind kind);

// What an error is about; empty where it does not concern it or is not known.
struct ErrorFacts {
  std::string setting;      // the option that is wrong: "table_names"
  std::string server;       // "127.0.0.1:5432/shop"
  std::string slot;         //
  std::string publication;  //
  std::string pipeline;     //
  std::string destination;  // "shop.duckdb"
  std::string table;        // "public.orders", as the source names it
  std::string column;       //
  std::string sqlstate;     // PostgreSQL's, of what it refused: "42501"
  std::string lsn;          // "0/1A2B3C8": the commit in the stream where it happened, else the last position before it
};

// Never holds a password. Copies share nothing.
class WALBROOK_EXPORT Error : public std::exception {
 public:
  // `cause`: one line, what happened and where. `remedy`: what to do; may be empty.
  Error(ErrorKind kind, std::string cause, Remedy remedy = {}, ErrorFacts facts = {});
  ~Error() override;
  Error(const Error&);
  Error& operator=(const Error&);

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] const Remedy& remedy() const { return remedy_; }
  // The remedy in words: those of the library in what a call of it throws.
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] const ErrorFacts& facts() const { return facts_; }
  // "cause" or "cause\n  hint"; what the command prints behind "error: ".
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  // Adds those of `more` whose field is still empty: who catches it on the way knows more of where it happened.
  void add_facts(const ErrorFacts& more);
  // The same error, its remedy in these words.
  [[nodiscard]] Error worded(std::string hint) const;

 private:
  ErrorKind kind_;
  std::string cause_;
  Remedy remedy_;
  std::string hint_;
  std::string text_;
  ErrorFacts facts_;
};

}  // namespace walbrook
