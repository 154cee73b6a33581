// What can go wrong, and how it is told: what, where, why in one line, and what to do.
//
// I/O and the user's mistakes throw Error. Pure code on untrusted bytes returns Expected (base/expected.h).
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace walbrook {

enum class ErrorKind {
  usage,             // unknown flag or destination, a name that PostgreSQL's syntax does not allow
  connection,        // the source can't be reached, or the connection broke: trying again may help
  rights,            // the role lacks a right
  source_not_ready,  // no slot, publication or table, a setting, a lost or foreign slot
  protocol,          // the stream said something that the protocol does not allow
  destination,       // the destination is missing, locked, full, of a wrong version
  data,              // one table's data need attention
  internal,          // a broken invariant of our own
};

// The exit code of the command for an error of this kind: 1 failed, 2 usage, 3 source, 4 destination, 5 data.
[[nodiscard]] int exit_code(ErrorKind kind);
[[nodiscard]] std::string_view to_string(ErrorKind kind);

// Never holds a password: whoever builds one passes connection strings through mask_secrets first.
class Error : public std::exception {
 public:
  // `cause`: one line, what happened and where. `mend`: what to do, a full sentence, SQL or a command; may be empty.
  Error(ErrorKind kind, std::string cause, std::string mend = {});

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] const std::string& mend() const { return mend_; }
  // "cause" or "cause\n  mend"; what the command prints behind "error: ".
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  ErrorKind kind_;
  std::string cause_;
  std::string mend_;
  std::string text_;
};

// The text with every password in it replaced by "***": in URLs (user:secret@, ?password=secret) and in key=value
// strings (password=secret, password='se cret', also sslpassword).
[[nodiscard]] std::string mask_secrets(std::string_view text);

}  // namespace walbrook
