#include "serve/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/percent_encoding.h"

namespace walbrook::serve {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::size_t> size_of(std::string_view text) {
  std::size_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Returns the headers by their names in lower case. `text` begins after the first line.
std::map<std::string, std::string> headers_of(std::string_view text) {
  std::map<std::string, std::string> headers;
  while (!text.empty()) {
    const auto end = std::min(text.find(line_end), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + line_end.size(), text.size()));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos)
      headers[lower_case(line.substr(0, colon))] = std::string(trimmed(line.substr(colon + 1)));
  }
  return headers;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

std::map<std::string, std::string> parameters_of(std::string_view text) {
  std::map<std::string, std::string> parameters;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = std::min(one.find('='), one.size());
    parameters[percent_decoded(one.substr(0, equals))] = percent_decoded(one.substr(std::min(equals + 1, one.size())));
  }
  return parameters;
}

}  // namespace

RequestReader::State RequestReader::refuse(int status, std::string problem) {
  status_ = status;
  problem_ = std::move(problem);
  return state_ = State::refused;
}

RequestReader::State RequestReader::take(std::string_view bytes) {
  if (state_ != State::incomplete) return state_;
  bytes_ += bytes;
  if (body_at_ == 0) {
    const auto end = bytes_.find(head_end);
    if (end > max_head_bytes && bytes_.size() > max_head_bytes)
      return refuse(431, fmt::format("the request's head is larger than {} bytes", max_head_bytes));
    if (end == std::string::npos) return state_;
    body_at_ = end + head_end.size();
    if (read_head(std::string_view(bytes_).substr(0, end)) == State::refused) return state_;
  }
  if (bytes_.size() - body_at_ < body_size_) return state_;
  request_.body = bytes_.substr(body_at_, body_size_);
  bytes_ = {};
  return state_ = State::complete;
}

RequestReader::State RequestReader::read_head(std::string_view head) {
  const auto end = std::min(head.find(line_end), head.size());
  const auto line = head.substr(0, end);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || last == first || !line.substr(last + 1).starts_with("HTTP/1."))
    return refuse(400, "this is not an HTTP request");
  request_.method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto question = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, question);
  request_.parameters = parameters_of(target.substr(std::min(question + 1, target.size())));
  const auto headers = headers_of(head.substr(std::min(end + line_end.size(), head.size())));
  if (headers.contains("transfer-encoding"))
    return refuse(411, "a body needs a Content-Length, and no Transfer-Encoding");
  if (const auto length = headers.find("content-length"); length != headers.end()) {
    const auto size = size_of(length->second);
    if (!size) return refuse(400, "the Content-Length is not a number");
    if (*size > max_body_bytes)
      return refuse(413, fmt::format("the statement is larger than {} MB", max_body_bytes >> 20U));
    body_size_ = *size;
  }
  const auto expect = headers.find("expect");
  expects_continue_ = expect != headers.end() && lower_case(expect->second) == "100-continue" && body_size_ > 0;
  return state_;
}

bool RequestReader::takes_continue() {
  return std::exchange(expects_continue_, false);
}

ResponseReader::State ResponseReader::take(std::string_view bytes) {
  if (has_head_) {
    body_ += bytes;
  } else {
    bytes_ += bytes;
  }
  while (!has_head_) {
    const auto end = bytes_.find(head_end);
    if (end == std::string::npos) return bytes_.size() > max_head_bytes ? State::malformed : State::incomplete;
    const auto head = std::string_view(bytes_).substr(0, end);
    constexpr std::string_view version = "HTTP/1.1 ";
    const auto status = head.starts_with(version) ? size_of(head.substr(version.size(), 3)) : std::nullopt;
    if (!status) return State::malformed;
    const auto headers = headers_of(head.substr(std::min(head.find(line_end), head.size())));
    const auto number_in = [&headers](std::string_view name) {
      const auto found = headers.find(lower_case(name));
      return found == headers.end() ? std::nullopt : size_of(found->second);
    };
    if (*status < 200) {
      has_interim_ = true;
      queue_ = number_in(queue_header).value_or(0);
      bytes_.erase(0, end + head_end.size());
      continue;
    }
    const auto length = number_in("content-length");
    if (!length) return State::malformed;
    status_ = static_cast<int>(*status);
    body_size_ = *length;
    has_head_ = true;
    body_ = bytes_.substr(end + head_end.size());
  }
  return body_.size() < body_size_ ? State::incomplete : State::complete;
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", method,
                     target, body.size(), body);
}

std::string response_head(int status, std::size_t body_bytes) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", status,
      reason_of(status), body_bytes);
}

std::string processing_text(std::size_t queue) {
  return fmt::format("HTTP/1.1 102 Processing\r\n{}: {}\r\n\r\n", queue_header, queue);
}

std::string_view continue_text() {
  return "HTTP/1.1 100 Continue\r\n\r\n";
}

}  // namespace walbrook::serve
