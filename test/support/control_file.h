// global/pg_control of a stopped cluster.
#pragma once

#include <cstdint>
#include <filesystem>

namespace walbrook::test {

// The cluster gets another system identifier, as pg_upgrade's new cluster has one, and its write-ahead log with it.
// `data`: its folder; the server is down. Throws std::runtime_error where the file has no checksum that fits.
void change_system_identifier(const std::filesystem::path& data, std::uint64_t identifier);

}  // namespace walbrook::test
