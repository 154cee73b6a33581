// The folder or bucket that holds a destination's files. Names are relative to its root: "public/orders/x.parquet".
//
// A file of rows is written by DuckDB under the path that begin_file returns, and has its name once finish_file
// returned; sync() then makes all finished files durable. Files of text are put as a whole: readers see the old text or
// the new one. Every call throws DestinationUnreachable if the storage cannot be reached; put() throws Error(in_doubt).
//
// Threads: any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace walbrook::destination::filesystem {

struct StoredFile {
  std::string name;
  std::uint64_t bytes = 0;
};

class Storage {
 public:
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage() = default;

  // Returns the file's path for DuckDB, which reads it by that.
  [[nodiscard]] virtual std::string path_of(const std::string& name) const = 0;
  // Returns the path to which DuckDB writes the file of that name.
  [[nodiscard]] virtual std::string begin_file(const std::string& name) = 0;
  // Throws DestinationUnreachable if DuckDB failed to read or write a file because the storage cannot be reached.
  virtual void explain(const Error& /*failed*/) const {}
  // Gives the file its name. Returns its size in bytes; 0 = unknown. REQUIRES: DuckDB has written it.
  virtual std::uint64_t finish_file(const std::string& name) = 0;
  // Makes all files that were finished durable.
  virtual void sync() = 0;

  // Replaces the file by one with this text, durably. Throws Error(destination) if it did not, and Error(in_doubt) if
  // it may have.
  virtual void put(const std::string& name, std::string_view text) = 0;
  [[nodiscard]] virtual std::optional<std::string> get(const std::string& name) = 0;

  [[nodiscard]] virtual bool has(const std::string& name) = 0;
  // Returns all files below the folder of that name, at any depth.
  [[nodiscard]] virtual std::vector<StoredFile> list(const std::string& folder) = 0;
  // Removes the file, if there is one and the storage can remove files. Never throws.
  virtual void remove(const std::string& name) noexcept = 0;
};

}  // namespace walbrook::destination::filesystem
