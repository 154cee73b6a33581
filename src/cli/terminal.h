// Standard output and standard error as they are: a terminal of some width, or a file.
#pragma once

#include <string>
#include <string_view>

#include "cli/progress/progress_text.h"

namespace walbrook::cli {

// Lines that can be redrawn: a terminal that is not dumb.
[[nodiscard]] bool is_terminal(int descriptor);
[[nodiscard]] bool wants_colour(int descriptor);       // a terminal, and NO_COLOR is not set
[[nodiscard]] std::size_t columns_of(int descriptor);  // 80 where it cannot be told
[[nodiscard]] std::size_t lines_of(int descriptor);    // 24 where it cannot be told
// ASCII where the locale names another character set than UTF-8.
[[nodiscard]] Glyphs terminal_glyphs();

enum class Colour { green = 32, yellow = 33, red = 31, dim = 2 };
[[nodiscard]] std::string coloured(std::string_view text, Colour colour, bool wanted);

// To stdout, all of it. A reader that went away (head, less) is no error: false. A full disk and a closed stdout are:
// Error(internal).
bool write_result(std::string_view text);
// False where whoever started the process closed stdout (`>&-`).
[[nodiscard]] bool is_stdout_open();
// To stderr, as far as that is possible: a message that cannot be written is lost, and the work goes on.
void write_message(std::string_view text) noexcept;

}  // namespace walbrook::cli
