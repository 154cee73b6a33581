// global/pg_control of a stopped cluster.
#pragma once

#include <cstdint>
#include <filesystem>

namespace walbrook::test {

// Gives the cluster and its write-ahead log another system identifier, as the new cluster of pg_upgrade has one.
// `data`: the cluster's folder. Throws std::runtime_error if the file has no matching checksum. REQUIRES: the server is
// stopped.
void change_system_identifier(const std::filesystem::path& data, std::uint64_t identifier);

}  // namespace walbrook::test
