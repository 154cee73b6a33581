#include "cli/process_arguments.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "base/mask_secrets.h"

namespace walbrook::cli {
namespace {

// What was masked before main, and the original arguments. Set once and never destroyed, as it is set before
// constructors run.
char** masked_early = nullptr;
const std::vector<std::string>* held_early = nullptr;

// The memory is only as long as the argument was; the rest is filled with NULs.
void overwrite(char* argument, std::string_view text) {
  const std::size_t length = std::strlen(argument);
  std::memset(argument, 0, length);
  std::memcpy(argument, text.data(), std::min(length, text.size()));
}

std::vector<std::string> take_and_mask(int argc, char** argv) {
  std::vector<std::string> held;
  for (int i = 1; i < argc; ++i) held.emplace_back(argv[i]);
  for (int i = 1; i < argc; ++i) {
    const bool is_password = i > 1 && names_password(held[static_cast<std::size_t>(i) - 2]);
    const auto masked = is_password ? "***" : mask_secrets(argv[i]);
    if (masked != argv[i]) overwrite(argv[i], masked);
  }
  return held;
}

// glibc calls the functions in this section of an executable with main's arguments, before the constructors of its
// libraries. A sanitizer's runtime is not set up by then; under a sanitizer, main's own call masks the arguments.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void mask_before_main(int argc, char** argv, char** /*environment*/) {
  held_early = new std::vector<std::string>(take_and_mask(argc, argv));
  masked_early = argv;
}
[[gnu::section(".preinit_array"), gnu::used]] void (*const mask_early)(int, char**, char**) = mask_before_main;
#endif

}  // namespace

bool names_password(std::string_view argument) {
  constexpr std::array<std::string_view, 4> names = {"--password", "--pass", "--pwd", "-W"};
  return std::ranges::find(names, argument) != names.end();
}

std::vector<std::string> take_arguments(int argc, char** argv) {
  return argv == masked_early ? *held_early : take_and_mask(argc, argv);
}

}  // namespace walbrook::cli
