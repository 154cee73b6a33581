// Text of a database whose encoding is not UTF8: its bytes as UTF-8, and its names back as bytes.
//
// A server that is asked to convert ends the whole statement at the first value that it cannot convert, and its stream
// for good. So text is taken as it is stored, and converted here, value by value, by what the server says of each
// character (postgres/connection/server_text.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace walbrook {

class SourceText {
 public:
  // What becomes of a value that cannot be converted.
  enum class Unconvertible { overflow, suspends };

  SourceText() = default;
  SourceText(const SourceText&) = delete;
  SourceText& operator=(const SourceText&) = delete;
  virtual ~SourceText() = default;

  // Converts a whole value; false when some of it has no equivalent, `out` is not specified then.
  [[nodiscard]] virtual bool to_utf8(std::string_view bytes, std::string& out) const = 0;
  [[nodiscard]] virtual Unconvertible unconvertible() const { return Unconvertible::overflow; }

  // A name. It has to stay one that is told from every other and found again, so a byte without equivalent becomes
  // "\xHH" (lower case), and a backslash that would read like one of these "\x5c".
  [[nodiscard]] std::string name_to_utf8(std::string_view bytes) const;
  // The same inside a JSON document, where such a backslash is written "\\".
  [[nodiscard]] std::string json_to_utf8(std::string_view bytes) const;
  // What name_to_utf8 was made of. Also of whole statements; a character that the encoding lacks stays as it is.
  [[nodiscard]] std::string from_utf8(std::string_view text) const;

 protected:
  // The bytes of the character at the front, at least 1; `utf8` is then what it is, empty where it has no equivalent.
  // `bytes` is not empty and begins with a byte of 128 or more.
  [[nodiscard]] virtual std::size_t character(std::string_view bytes, std::string_view& utf8) const = 0;
  // The bytes of this UTF-8 character, empty where the encoding has none.
  [[nodiscard]] virtual std::string_view bytes_of(std::string_view utf8) const = 0;

 private:
  [[nodiscard]] std::string convert(std::string_view bytes, std::string_view backslash) const;
};

// SQL_ASCII: bytes of any kind. What is UTF-8 as a whole is text.
class AnyBytes final : public SourceText {
 public:
  [[nodiscard]] bool to_utf8(std::string_view bytes, std::string& out) const override;

 protected:
  [[nodiscard]] std::size_t character(std::string_view bytes, std::string_view& utf8) const override;
  [[nodiscard]] std::string_view bytes_of(std::string_view utf8) const override { return utf8; }
};

// An encoding of one byte a character, which is ASCII below 128.
class SingleByteText final : public SourceText {
 public:
  // The characters of the bytes from 128 on, in UTF-8; empty where a byte has none.
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
