// Four copies of one database: by the snapshot and by the stream, each in text and in binary form.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "test/support/postgres_server.h"
#include "test/support/temp_folder.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

class FourCopies {
 public:
  enum class Way { snapshot, stream };
  enum class Form { text, binary };
  struct Copy {
    Way way;
    Form form;
    std::string name;  // "snapshot_text": of the file, of the slot, and of the connections in the server's log
    Pipeline pipeline;
  };

  // REQUIRES: the server logs all statements and replication commands, with the application's name before each.
  explicit FourCopies(const ScratchDatabase& database);

  // Runs the pipelines of one way, both at once, until they have what is committed. Returns "" or what failed.
  [[nodiscard]] std::string run(Way way) const;

  // Returns the commands that a copy has sent to the server and that contain `part`, since the server's start.
  [[nodiscard]] std::vector<std::string> commands(const Copy& copy, const std::string& part) const;

  [[nodiscard]] const std::vector<Copy>& copies() const { return copies_; }
  [[nodiscard]] const Copy& copy(Way way, Form form) const;
  // In the order of copies(). The name of a file is that of its copy.
  [[nodiscard]] std::vector<std::filesystem::path> files() const;

 private:
  const ScratchDatabase& database_;
  TempFolder folder_;
  std::vector<Copy> copies_;
};

}  // namespace walbrook::test
