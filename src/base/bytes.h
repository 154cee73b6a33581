// Reads and writes network-order integers in a byte frame. The reader never reads past its end: a failed read sets
// `failed()` for good and returns zeros, so that a decoder checks once after a run of reads.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace walbrook {

class ByteReader {
 public:
  // Borrows `bytes`, which must outlive the reader and every view that it returns.
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - offset_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return remaining() == 0; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer<1>()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer<2>()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer<4>()); }
  std::uint64_t u64() { return integer<8>(); }
  std::int16_t i16() { return static_cast<std::int16_t>(u16()); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }

  std::string_view bytes(std::size_t count) {
    if (!require(count)) return {};
    const auto view = bytes_.substr(offset_, count);
    offset_ += count;
    return view;
  }
  // Reads a NUL-terminated string; the NUL is consumed and is not part of the view.
  std::string_view c_string() {
    const auto end = failed_ ? std::string_view::npos : bytes_.find('\0', offset_);
    if (end == std::string_view::npos) {
      failed_ = true;
      return {};
    }
    const auto view = bytes_.substr(offset_, end - offset_);
    offset_ = end + 1;
    return view;
  }

 private:
  bool require(std::size_t count) {
    if (failed_ || count > remaining()) failed_ = true;
    return !failed_;
  }
  template <std::size_t Size>
  std::uint64_t integer() {
    if (!require(Size)) return 0;
    const char* at = bytes_.data() + offset_;
    offset_ += Size;
    if constexpr (Size == 1) return static_cast<unsigned char>(*at);
    // GCC does not make a single load of a loop over the bytes, and these are the hottest functions of all.
    if constexpr (Size == 2) return __builtin_bswap16(load<std::uint16_t>(at));
    if constexpr (Size == 4) return __builtin_bswap32(load<std::uint32_t>(at));
    if constexpr (Size == 8) return __builtin_bswap64(load<std::uint64_t>(at));
  }
  template <class T>
  static T load(const char* at) {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
  }

  std::string_view bytes_;
  std::size_t offset_ = 0;
  bool failed_ = false;
};

class ByteWriter {
 public:
  void u8(std::uint8_t value) { integer<1>(value); }
  void u16(std::uint16_t value) { integer<2>(value); }
  void u32(std::uint32_t value) { integer<4>(value); }
  void u64(std::uint64_t value) { integer<8>(value); }
  void bytes(std::string_view view) { out_.append(view); }
  void c_string(std::string_view view) { out_.append(view).push_back('\0'); }

  [[nodiscard]] const std::string& str() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  template <std::size_t Size>
  void integer(std::uint64_t value) {
    for (std::size_t i = Size; i-- > 0;) out_.push_back(static_cast<char>(value >> (8 * i)));
  }

  std::string out_;
};

}  // namespace walbrook
