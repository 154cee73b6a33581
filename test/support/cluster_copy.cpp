#include "test/support/cluster_copy.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

namespace walbrook::test {
namespace {

void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto result = run({.argv = {"cp", "-a", from.string(), to.string()}});
  if (!result.succeeded()) throw std::runtime_error(result.describe());
}

}  // namespace

ClusterCopy::ClusterCopy(PostgresServer& server) : folder_("cluster", Place::memory) {
  server.stop();
  copy_folder(server.folder() / "data", folder_ / "data");
  server.start();
}

void ClusterCopy::put_into(PostgresServer& server) const {
  server.stop();
  const auto data = server.folder() / "data";
  std::filesystem::remove_all(data);
  copy_folder(folder_ / "data", data);
}

void ClusterCopy::put_as_standby_into(PostgresServer& server) const {
  put_into(server);
  const auto signal = server.folder() / "data/standby.signal";
  write_file(signal, "");
  struct stat owner {};
  if (stat((server.folder() / "data/PG_VERSION").c_str(), &owner) != 0 ||
      chown(signal.c_str(), owner.st_uid, owner.st_gid) != 0) {
    throw std::runtime_error("cannot give away " + signal.string());
  }
}

}  // namespace walbrook::test
