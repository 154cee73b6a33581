#include "base/error.h"

#include <regex>
#include <utility>

namespace walbrook {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return 2;
    case ErrorKind::connection:
    case ErrorKind::rights:
    case ErrorKind::source_not_ready:
      return 3;
    case ErrorKind::destination:
      return 4;
    case ErrorKind::data:
      return 5;
    case ErrorKind::protocol:
    case ErrorKind::internal:
      return 1;
  }
  return 1;
}

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::connection:
      return "connection";
    case ErrorKind::rights:
      return "rights";
    case ErrorKind::source_not_ready:
      return "source_not_ready";
    case ErrorKind::protocol:
      return "protocol";
    case ErrorKind::destination:
      return "destination";
    case ErrorKind::data:
      return "data";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

Error::Error(ErrorKind kind, std::string cause, std::string mend)
    : kind_(kind), cause_(std::move(cause)), mend_(std::move(mend)) {
  text_ = mend_.empty() ? cause_ : cause_ + "\n  " + mend_;
}

std::string mask_secrets(std::string_view text) {
  // The password of a URL may hold any character but '/' unescaped; the last '@' before the path ends it.
  static const std::regex url(R"((postgres(?:ql)?://[^:/@?\s]*):[^/\s]*@)");
  static const std::regex quoted(R"(((?:ssl)?password\s*=\s*)'(?:[^'\\]|\\.)*')", std::regex::icase);
  static const std::regex plain(R"(((?:ssl)?password\s*=\s*)(?!'|\*\*\*)[^&\s]+)", std::regex::icase);
  std::string masked = std::regex_replace(std::string(text), url, "$1:***@");
  masked = std::regex_replace(masked, quoted, "$1***");
  return std::regex_replace(masked, plain, "$1***");
}

}  // namespace walbrook
