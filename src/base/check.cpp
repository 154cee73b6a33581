#include "base/check.h"

#include "base/error.h"

namespace walbrook {

void fail_check(std::string_view condition, std::string_view file, int line, const std::string& message) {
  // The path begins at src/: the folder of the build is nobody's business.
  if (const auto root = file.rfind("/src/"); root != std::string_view::npos) file.remove_prefix(root + 1);
  throw Error(
      ErrorKind::internal, fmt::format("{} ({}:{}: {} does not hold)", message, file, line, condition),
      "This is a bug in walbrook. Everything durable in the destination is correct, and the slot keeps all that "
      "follows: please report it with this message.");
}

}  // namespace walbrook
