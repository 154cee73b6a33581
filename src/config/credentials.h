// The credentials of the source or of a destination, collected from the places where their parts may be set: a URL
// here, a password there.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/configuration.h"

namespace walbrook::config {

// Converts postgresql+psycopg2://… to postgresql://…, the scheme of SQLAlchemy; any other text is returned unchanged.
[[nodiscard]] std::string without_driver(const std::string& url);

class Credentials {
 public:
  // `section` is what the credentials belong to: "sources.pg_replication", "destination.postgresql".
  Credentials(const Configuration& settings, std::string section);

  // Returns libpq's connection string from a URL and fields; nullopt if nothing was set. Reads a password file and runs
  // a password command. Throws Error(configuration), also if placeholders are still to be filled in.
  [[nodiscard]] std::optional<Value> connection() const;
  // Returns what was set, without secrets, for display.
  [[nodiscard]] std::vector<Effective> parts() const;

 private:
  using Field = std::pair<const Key*, Value>;
  void put(const Key& key, const Value& value);
  void refuse_placeholders() const;

  std::string section_;
  std::optional<Value> base_;
  std::vector<Field> fields_;  // they override the base
};

}  // namespace walbrook::config
