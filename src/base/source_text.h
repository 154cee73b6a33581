// Converts text of a database whose encoding is not UTF8: its bytes to UTF-8, and names back to its bytes.
//
// A server that is asked to convert fails the whole statement at the first value that it cannot convert, and its stream
// for good. So text is read as it is stored, and converted here, value by value, according to what the server reports
// for each character (postgres/connection/server_text.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace walbrook {

class SourceText {
 public:
  // What happens with a value that cannot be converted.
  enum class Unconvertible { overflow, suspends };

  SourceText() = default;
  SourceText(const SourceText&) = delete;
  SourceText& operator=(const SourceText&) = delete;
  virtual ~SourceText() = default;

  // Converts a whole value. Returns false if a part of it has no equivalent; `out` is then unspecified.
  [[nodiscard]] virtual bool to_utf8(std::string_view bytes, std::string& out) const = 0;
  [[nodiscard]] virtual Unconvertible unconvertible() const { return Unconvertible::overflow; }

  // Converts a name. The result must differ from every other name and be convertible back, so a byte without an
  // equivalent becomes "\xHH" (lower case), and a backslash that would read like one of these becomes "\x5c".
  [[nodiscard]] std::string name_to_utf8(std::string_view bytes) const;
  // As name_to_utf8, inside a JSON document, where such a backslash is written "\\".
  [[nodiscard]] std::string json_to_utf8(std::string_view bytes) const;
  // Converts the result of name_to_utf8 back, also in whole statements. A character that the encoding lacks is kept.
  [[nodiscard]] std::string from_utf8(std::string_view text) const;

 protected:
  // Returns the length in bytes, at least 1, of the character at the front, and sets `utf8` to its equivalent, or to ""
  // if it has none. REQUIRES: `bytes` begins with a byte of 128 or more.
  [[nodiscard]] virtual std::size_t character(std::string_view bytes, std::string_view& utf8) const = 0;
  // Returns the bytes of this UTF-8 character; "" if the encoding lacks it.
  [[nodiscard]] virtual std::string_view bytes_of(std::string_view utf8) const = 0;

 private:
  [[nodiscard]] std::string convert(std::string_view bytes, std::string_view backslash) const;
};

// SQL_ASCII: bytes of any kind. A value that is UTF-8 as a whole is text.
class AnyBytes final : public SourceText {
 public:
  [[nodiscard]] bool to_utf8(std::string_view bytes, std::string& out) const override;

 protected:
  [[nodiscard]] std::size_t character(std::string_view bytes, std::string_view& utf8) const override;
  [[nodiscard]] std::string_view bytes_of(std::string_view utf8) const override { return utf8; }
};

// An encoding with one byte per character, which is ASCII below 128.
class SingleByteText final : public SourceText {
 public:
  // The characters of the bytes from 128 on, in UTF-8; "" if a byte has none.
  using UpperHalf = std::array<std::string, 128>;
  explicit SingleByteText(UpperHalf upper_half);

  [[nodiscard]] bool to_utf8(std::string_view bytes, std::string& out) const override;

 protected:
  [[nodiscard]] std::size_t character(std::string_view bytes, std::string_view& utf8) const override;
  [[nodiscard]] std::string_view bytes_of(std::string_view utf8) const override;

 private:
  UpperHalf upper_half_;
  std::map<std::string, char, std::less<>> bytes_;
};

}  // namespace walbrook
