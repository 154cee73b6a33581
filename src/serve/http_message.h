// HTTP/1.1 as far as the local socket needs it: one request and one answer per connection, bodies with a
// Content-Length.
//
// Readers and writers do no I/O: they turn bytes into messages and messages into bytes (RFC 9112). A request with
// Transfer-Encoding is refused with status 411. A request that is too large is refused as soon as its size is known,
// with 413 or 431.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace walbrook::serve {

inline constexpr std::size_t max_head_bytes = std::size_t{16} << 10U;  // request line and headers
inline constexpr std::size_t max_body_bytes = std::size_t{1} << 20U;   // of a request: an SQL statement

struct HttpRequest {
  std::string method;                             // "POST"
  std::string path;                               // "/sql"
  std::map<std::string, std::string> parameters;  // of ?nested=json, decoded
  std::string body;
};

// Reads a request from bytes as they arrive.
class RequestReader {
 public:
  enum class State { incomplete, complete, refused };

  // Reads further bytes. Bytes after the end of the request are ignored.
  State take(std::string_view bytes);
  [[nodiscard]] const HttpRequest& request() const { return request_; }
  // Of a refused request: the status of the answer and the reason.
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // True, once, if the client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool takes_continue();

 private:
  State refuse(int status, std::string problem);
  State read_head(std::string_view head);

  std::string bytes_;
  std::size_t body_at_ = 0;  // 0: the head is not complete yet
  std::size_t body_size_ = 0;
  bool expects_continue_ = false;
  State state_ = State::incomplete;
  HttpRequest request_;
  int status_ = 0;
  std::string problem_;
};

// Reads an answer from bytes as they arrive. Interim answers (1xx) are noted and skipped.
class ResponseReader {
 public:
  enum class State { incomplete, complete, malformed };

  State take(std::string_view bytes);
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string& body() { return body_; }
  [[nodiscard]] bool has_interim() const { return has_interim_; }
  // Returns how many other requests are ahead of this one, from the newest interim answer (queue_header).
  [[nodiscard]] std::size_t queue() const { return queue_; }

 private:
  std::string bytes_;
  std::string body_;
  int status_ = 0;
  std::size_t body_size_ = 0;
  bool has_head_ = false, has_interim_ = false;
  std::size_t queue_ = 0;
};

inline constexpr std::string_view queue_header = "Walbrook-Queue";

[[nodiscard]] std::string request_text(std::string_view method, std::string_view target, std::string_view body);
[[nodiscard]] std::string response_head(int status, std::size_t body_bytes);
// Returns "HTTP/1.1 102 Processing": the request was accepted, and `queue` others are ahead of it.
[[nodiscard]] std::string processing_text(std::size_t queue);
[[nodiscard]] std::string_view continue_text();

}  // namespace walbrook::serve
