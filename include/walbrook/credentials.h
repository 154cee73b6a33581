// How the source is reached.
#pragma once

#include <iosfwd>
#include <string>

#include "walbrook/export.h"

namespace walbrook {

// A URL ("postgresql://loader:secret@db.example:5432/shop?sslmode=require"; the scheme postgresql+psycopg2 is accepted
// as well) or libpq's key=value string ("host=db.example dbname=shop user=loader"), with any parameter of libpq. It is
// parsed when a connection is made, which throws Error(configuration) if libpq cannot parse it. Printing it masks the
// password.
//
// If it is empty, the configuration sets the source, as for the command: SOURCES__PG_REPLICATION__CREDENTIALS, then
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

  // Returns what empty credentials resolve to now, for a program that connects to the source itself as well.
  [[nodiscard]] static Credentials from_configuration();

  [[nodiscard]] bool given() const { return !text_.empty(); }
  // The text, with *** in place of a password.
  [[nodiscard]] std::string masked() const;
  // The text with the password, for connecting; do not print it.
  [[nodiscard]] const std::string& reveal() const { return text_; }

 private:
  std::string text_;
};

WALBROOK_EXPORT std::ostream& operator<<(std::ostream& out, const Credentials& credentials);

}  // namespace walbrook
