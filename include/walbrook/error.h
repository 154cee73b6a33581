// Every function throws walbrook::Error when it fails. An Error contains the cause in one line, what to do about it,
// and the facts as fields.
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
  connection,         // the source cannot be reached, or the connection broke; trying again may help
  permission_denied,  // the role lacks a privilege
  source_not_ready,   // no slot, publication or table; a setting; a slot that is lost or belongs to something else
  protocol,           // the stream contained something that the protocol does not allow
  destination,        // the destination is missing, locked, full or of a wrong version
  data,               // the data of a table need attention
  in_doubt,           // a load's commit failed but may be durable; the next run finds out and continues
  internal,           // a broken invariant of walbrook
};
[[nodiscard]] WALBROOK_EXPORT std::string_view to_string(ErrorKind kind);

// The objects that an error is about. A fact that does not concern the error, or is not known, is empty.
struct ErrorFacts {
  std::string setting;      // the option that is wrong: "table_names"
  std::string server;       // "127.0.0.1:5432/shop"
  std::string slot;         //
  std::string publication;  //
  std::string pipeline;     //
  std::string destination;  // "shop.duckdb"
  std::string table;        // "public.orders", as the source names it
  std::string column;       //
  std::string sqlstate;     // PostgreSQL's code, if it refused something: "42501"
  std::string lsn;          // "0/1A2B3C8": the commit in the stream where it happened, or the last position before it
};

// An Error never contains a password. Copies share nothing.
class WALBROOK_EXPORT Error : public std::exception {
 public:
  // `cause`: what happened and where, in one line. `remedy`: what to do; may be empty.
  Error(ErrorKind kind, std::string cause, Remedy remedy = {}, ErrorFacts facts = {});
  ~Error() override;
  Error(const Error&);
  Error& operator=(const Error&);

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] const Remedy& remedy() const { return remedy_; }
  // The remedy as text. An Error that a function of the library throws names the library's options and calls.
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] const ErrorFacts& facts() const { return facts_; }
  // "cause" or "cause\n  hint": the text that the command prints after "error: ".
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  // Sets the facts that are still empty to those of `more`, for a caller that knows more about where it happened.
  void add_facts(const ErrorFacts& more);
  // Returns the same error with `hint` as the text of its remedy.
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
