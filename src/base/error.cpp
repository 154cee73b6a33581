#include "base/error.h"

#include <utility>

#include "base/mask_secrets.h"
#include "base/remedy.h"

namespace walbrook {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::configuration:
      return 2;
    case ErrorKind::connection:
    case ErrorKind::permission_denied:
    case ErrorKind::source_not_ready:
      return 3;
    case ErrorKind::destination:
    case ErrorKind::in_doubt:
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
    case ErrorKind::configuration:
      return "configuration";
    case ErrorKind::connection:
      return "connection";
    case ErrorKind::permission_denied:
      return "permission_denied";
    case ErrorKind::source_not_ready:
      return "source_not_ready";
    case ErrorKind::protocol:
      return "protocol";
    case ErrorKind::destination:
      return "destination";
    case ErrorKind::data:
      return "data";
    case ErrorKind::in_doubt:
      return "in_doubt";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

namespace {

std::string joined(const std::string& cause, const std::string& hint) {
  return hint.empty() ? cause : cause + "\n  " + hint;
}

}  // namespace

Error::Error(ErrorKind kind, std::string cause, Remedy remedy, ErrorFacts facts)
    // Masked here as well as by the callers: a password that an argument contained by mistake gets into no error.
    : kind_(kind),
      cause_(mask_secrets(cause)),
      remedy_(masked(remedy)),
      hint_(to_text(remedy_, Wording::command)),
      text_(joined(cause_, hint_)),
      facts_(std::move(facts)) {}
Error::~Error() = default;
Error::Error(const Error&) = default;
Error& Error::operator=(const Error&) = default;

Error Error::worded(std::string hint) const {
  Error other(*this);
  other.hint_ = mask_secrets(hint);
  other.text_ = joined(other.cause_, other.hint_);
  return other;
}

void Error::add_facts(const ErrorFacts& more) {
  for (const auto& [name, field] : fact_fields) {
    if ((facts_.*field).empty()) facts_.*field = more.*field;
  }
}

}  // namespace walbrook
