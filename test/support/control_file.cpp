#include "test/support/control_file.h"

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>

#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

// CRC-32C (Castagnoli), bit by bit, as PostgreSQL's COMP_CRC32C computes it.
std::uint32_t crc32c(const std::string& bytes, std::size_t length) {
  constexpr std::uint32_t reversed_polynomial = 0x82F63B78;
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::size_t i = 0; i < length; ++i) {
    crc ^= static_cast<unsigned char>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? reversed_polynomial : 0);
  }
  return ~crc;
}

std::uint32_t read_u32(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// ControlFileData begins with the identifier and ends with its checksum; its length depends on the server version.
std::size_t find_checksum(const std::string& bytes) {
  constexpr std::size_t least = 128;
  constexpr std::size_t most = 512;  // PG_CONTROL_MAX_SAFE_SIZE
  for (std::size_t at = least; at <= most && at + 4 <= bytes.size(); at += 4) {
    if (crc32c(bytes, at) == read_u32(bytes, at)) return at;
  }
  throw std::runtime_error("pg_control has no checksum that fits");
}

// Writes in place, which keeps the owner.
void overwrite(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(at);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace

void change_system_identifier(const std::filesystem::path& data, std::uint64_t identifier) {
  const auto file = data / "global/pg_control";
  auto bytes = read_file(file);
  const auto at = find_checksum(bytes);
  std::memcpy(bytes.data(), &identifier, sizeof identifier);
  const auto crc = crc32c(bytes, at);
  std::memcpy(bytes.data() + at, &crc, sizeof crc);
  overwrite(file, 0, bytes);
  // Each segment begins with XLogLongPageHeaderData: 24 bytes of XLogPageHeaderData, then the identifier.
  constexpr std::streamoff behind_page_header = 24;
  constexpr std::size_t segment_name = 24;
  const std::string raw(reinterpret_cast<const char*>(&identifier), sizeof identifier);
  for (const auto& entry : std::filesystem::directory_iterator(data / "pg_wal")) {
    if (!entry.is_regular_file() || entry.path().filename().string().size() != segment_name) continue;
    overwrite(entry.path(), behind_page_header, raw);
  }
}

}  // namespace walbrook::test
