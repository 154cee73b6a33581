#include "base/process_limits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <new>
#include <optional>
#include <system_error>

namespace walbrook {
namespace {

std::optional<rlim_t> limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

bool is_lack_of_threads(const std::exception& error) {
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  return system != nullptr && system->code() == std::errc::resource_unavailable_try_again;
}

}  // namespace

std::string memory_limit_advice() {
  constexpr rlim_t kilobyte = 1024;  // ulimit's unit
  const auto memory = limit_of(RLIMIT_AS);
  if (!memory) return {};
  return fmt::format("This process may have {} kB of address space (ulimit -v): raise the limit, 4 GB are enough.",
                     *memory / kilobyte);
}

std::string file_size_advice() {
  constexpr rlim_t kilobyte = 1024;
  const auto size = limit_of(RLIMIT_FSIZE);
  if (!size) return "The file system cannot hold a file of this size: move the destination to another one.";
  return fmt::format("This process may write files of {} kB at most (ulimit -f): raise the limit.", *size / kilobyte);
}

Error unexpected_error(const std::exception& error) {
  const bool lacks_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  if (!lacks_memory && !is_lack_of_threads(error))
    return {ErrorKind::internal, fmt::format("something unexpected: {}", error.what())};
  auto advice = memory_limit_advice();
  if (advice.empty()) {
    advice = lacks_memory ? "Give the machine or the container more memory."
                          : "Raise the number of threads that this user may have (ulimit -u) or the container's.";
  }
  return {ErrorKind::internal, lacks_memory ? "there is no memory left" : "no further thread can be started", advice};
}

}  // namespace walbrook
