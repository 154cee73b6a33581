#include "walbrook/credentials.h"

#include <ostream>
#include <utility>

#include "api/source_access.h"
#include "base/error.h"
#include "base/mask_secrets.h"

namespace walbrook {

Credentials::Credentials() = default;
Credentials::Credentials(std::string text) : text_(std::move(text)) {}
Credentials::Credentials(const char* text) : text_(text) {}
Credentials::~Credentials() = default;
Credentials::Credentials(const Credentials&) = default;
Credentials& Credentials::operator=(const Credentials&) = default;
Credentials::Credentials(Credentials&&) noexcept = default;
Credentials& Credentials::operator=(Credentials&&) noexcept = default;

Credentials Credentials::from_configuration() {
  return api::with_facts({}, [] { return Credentials(api::connection_string({})); });
}

std::string Credentials::masked() const {
  return mask_secrets(text_);
}

std::ostream& operator<<(std::ostream& out, const Credentials& credentials) {
  return out << credentials.masked();
}

}  // namespace walbrook
