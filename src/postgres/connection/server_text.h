// Text of an encoding of several bytes a character, by the server's own conversion.
//
// Conversions of the operating system map some characters otherwise than PostgreSQL's do, so each character is asked
// for once, when it is first met, and kept: a few thousand at most. Any thread may call; they take turns.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/source_text.h"
#include "postgres/connection/endpoint.h"

namespace walbrook::postgres {

class Connection;

// The bytes that a bytea's text form ("\\x00ff") stands for.
[[nodiscard]] std::string bytes_from_hex(std::string_view hex);

// The server cannot convert some text: untranslatable_character, character_not_in_repertoire.
[[nodiscard]] bool is_unconvertible(std::string_view sqlstate);

class ServerText final : public SourceText {
 public:
  // `encoding`: PostgreSQL's name of it. Connects when the first character is asked for; all methods may throw what
  // Connection does.
  ServerText(Endpoint endpoint, std::string encoding);
  ~ServerText() override;

  [[nodiscard]] bool to_utf8(std::string_view bytes, std::string& out) const override;
  [[nodiscard]] Unconvertible unconvertible() const override { return Unconvertible::suspends; }

 protected:
  [[nodiscard]] std::size_t character(std::string_view bytes, std::string_view& utf8) const override;
  [[nodiscard]] std::string_view bytes_of(std::string_view utf8) const override;

 private:
  using Characters = std::map<std::string, std::string, std::less<>>;  // without equivalent: empty
  // The length of the character at the front, whatever it is.
  [[nodiscard]] std::size_t length(std::string_view bytes) const;
  // Asks for these, and keeps the answers in `known`.
  void ask(const std::vector<std::string>& characters, const char* from, const char* to, Characters& known) const;

  Endpoint endpoint_;
  std::string encoding_;
  int number_;                // of the encoding, libpq's
  mutable std::mutex mutex_;  // guards what follows
  mutable std::unique_ptr<Connection> connection_;
  mutable Characters to_utf8_;
  mutable Characters from_utf8_;
};

}  // namespace walbrook::postgres
