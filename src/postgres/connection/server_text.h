// Converts text of an encoding with several bytes per character, by the server's own conversion.
//
// The conversions of the operating system map some characters differently from PostgreSQL's. So each character is
// requested from the server when it first occurs, and then kept: a few thousand at most. Threads: any thread may call;
// one at a time is served.
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

// Returns the bytes that a bytea's text form ("\\x00ff") represents.
[[nodiscard]] std::string bytes_from_hex(std::string_view hex);

// Returns whether the server cannot convert some text: untranslatable_character, character_not_in_repertoire.
[[nodiscard]] bool is_unconvertible(std::string_view sqlstate);

class ServerText final : public SourceText {
 public:
  // `encoding`: PostgreSQL's name for it. Connects when the first character is requested. All methods may throw what
  // Connection throws.
  ServerText(Endpoint endpoint, std::string encoding);
  ~ServerText() override;

  [[nodiscard]] bool to_utf8(std::string_view bytes, std::string& out) const override;
  [[nodiscard]] Unconvertible unconvertible() const override { return Unconvertible::suspends; }

 protected:
  [[nodiscard]] std::size_t character(std::string_view bytes, std::string_view& utf8) const override;
  [[nodiscard]] std::string_view bytes_of(std::string_view utf8) const override;

 private:
  using Characters = std::map<std::string, std::string, std::less<>>;  // no equivalent: empty
  // Returns the length of the character at the front, whatever it is.
  [[nodiscard]] std::size_t length(std::string_view bytes) const;
  // Requests these characters and keeps the answers in `known`.
  void ask(const std::vector<std::string>& characters, const char* from, const char* to, Characters& known) const;

  Endpoint endpoint_;
  std::string encoding_;
  int number_;                // libpq's number of the encoding
  mutable std::mutex mutex_;  // guards the members below
  mutable std::unique_ptr<Connection> connection_;
  mutable Characters to_utf8_;
  mutable Characters from_utf8_;
};

}  // namespace walbrook::postgres
