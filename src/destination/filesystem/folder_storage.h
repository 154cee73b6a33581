// A folder of this machine as storage. A file is written under a temporary name, synced, renamed, and its folder
// synced: after a crash it has its name and all of its bytes, or it does not exist under its name.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "destination/filesystem/storage.h"

namespace walbrook::destination::filesystem {

// The suffix of files that are being written. No reader's pattern matches it.
inline constexpr std::string_view unfinished_suffix = ".unfinished";

class FolderStorage final : public Storage {
 public:
  explicit FolderStorage(std::string root) : root_(std::move(root)) {}

  [[nodiscard]] std::string path_of(const std::string& name) const override { return root_ + "/" + name; }
  [[nodiscard]] std::string begin_file(const std::string& name) override;
  std::uint64_t finish_file(const std::string& name) override;
  void sync() override;
  void put(const std::string& name, std::string_view text) override;
  [[nodiscard]] std::optional<std::string> get(const std::string& name) override;
  [[nodiscard]] bool has(const std::string& name) override;
  [[nodiscard]] std::vector<StoredFile> list(const std::string& folder) override;
  void remove(const std::string& name) noexcept override;

 private:
  void create_folder_of(const std::string& name);

  std::string root_;
  std::mutex mutex_;                // guards unsynced_
  std::set<std::string> unsynced_;  // folders with new names
};

}  // namespace walbrook::destination::filesystem
