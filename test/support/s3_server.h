// A server on loopback that speaks S3 and has one bucket, `lake`: s3rver from tools/install-s3.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "test/support/process.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

// Why a test is skipped that needs the server.
inline constexpr const char* no_s3_server = "tools/install-s3 brings httpfs and an S3 server";

class S3Server {
 public:
  static constexpr const char* account = "S3RVER";  // its name, and its password

  enum class Manner { serves, refuses_writes, overloaded };

  // REQUIRES: is_there(). Keeps its objects in the folder, across restarts.
  explicit S3Server(std::filesystem::path folder);

  [[nodiscard]] static bool is_there();
  // DuckDB's extension httpfs, in the tree that `extension_directory` names.
  [[nodiscard]] static std::filesystem::path extensions();

  // Waits until it answers, from then on each time after `delay`; throws std::runtime_error if it does not.
  void start(Manner manner = Manner::serves, milliseconds delay = milliseconds(0));
  void stop();

  // What follows the bucket in a destination's URL: "?url_style=path&…".
  [[nodiscard]] std::string options() const;
  // The credentials, as S3's clients read them.
  [[nodiscard]] static Environment credentials();
  // A statement for DuckDB's readers.
  [[nodiscard]] std::string create_secret() const;

 private:
  std::filesystem::path folder_;
  int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace walbrook::test
