// How the source is reached. Prints masked.
#pragma once

#include <iosfwd>
#include <string>

#include "walbrook/export.h"

namespace walbrook {

// A URL ("postgresql://loader:secret@db.example:5432/shop?sslmode=require", also with the scheme postgresql+psycopg2)
// or libpq's key=value ("host=db.example dbname=shop user=loader"), with every parameter that libpq takes. It is read
// when a connection is made: what libpq cannot read is an Error(configuration) then.
//
// Absent, the configuration decides, as for the command: SOURCES__PG_REPLICATION__CREDENTIALS, then
// .walbrook/secrets.toml and the other files of the current folder (docs/configuration.md), then libpq's own variables
// (PGHOST, PGSERVICE, …).
class WALBROOK_EXPORT Credentials {
 public:
  Credentials();
  Credentials(std::string text);  // NOLINT(google-explicit-constructor): a string is what most have
  Credentials(const char* text);  // NOLINT(google-explicit-constructor)
  ~Credentials();
  Credentials(const Credentials&);
  Credentials& operator=(const Credentials&);
  Credentials(Credentials&&) noexcept;
  Credentials& operator=(Credentials&&) noexcept;

  // What absent credentials stand for now: for a program that talks to the source itself as well.
  [[nodiscard]] static Credentials from_configuration();

  [[nodiscard]] bool given() const { return !text_.empty(); }
  // With *** where a password stands.
  [[nodiscard]] std::string masked() const;
  // With the password: for who connects, not for who prints.
  [[nodiscard]] const std::string& reveal() const { return text_; }

 private:
  std::string text_;
};

WALBROOK_EXPORT std::ostream& operator<<(std::ostream& out, const Credentials& credentials);

}  // namespace walbrook
