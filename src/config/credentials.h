// The source's credentials from the places where their parts may stand: a URL here, a password there.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/configuration.h"

namespace walbrook::config {

// postgresql+psycopg2://… → postgresql://…, as SQLAlchemy writes it; anything else as it is.
[[nodiscard]] std::string without_driver(const std::string& url);

class SourceCredentials {
 public:
  explicit SourceCredentials(const Configuration& settings);

  // libpq's connection string from a URL and fields; nullopt: nothing was said. Reads a password's file and runs its
  // command. Throws Error(configuration), also while placeholders wait for their owner.
  [[nodiscard]] std::optional<Value> connection() const;
  // What was said, as it is shown: without secrets.
  [[nodiscard]] std::vector<Effective> parts() const;

 private:
  using Field = std::pair<const Key*, Value>;
  void put(const Key& key, const Value& value);
  void refuse_placeholders() const;

  std::optional<Value> base_;
  std::vector<Field> fields_;  // over the base
};

}  // namespace walbrook::config
