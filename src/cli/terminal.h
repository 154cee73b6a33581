// Standard output and standard error, which may be a terminal of some width or a file.
#pragma once

#include <string>
#include <string_view>

#include "cli/progress/progress_text.h"

namespace walbrook::cli {

// True for a terminal that can redraw lines, which a dumb one cannot.
[[nodiscard]] bool is_terminal(int descriptor);
[[nodiscard]] bool wants_colour(int descriptor);       // a terminal, and NO_COLOR is not set
[[nodiscard]] std::size_t columns_of(int descriptor);  // 80 if it is unknown
[[nodiscard]] std::size_t lines_of(int descriptor);    // 24 if it is unknown
// Returns ascii if the locale names a character set other than UTF-8.
[[nodiscard]] Glyphs terminal_glyphs();

enum class Colour { green = 32, yellow = 33, red = 31, dim = 2 };
[[nodiscard]] std::string coloured(std::string_view text, Colour colour, bool wanted);

// Writes all of `text` to stdout. Returns false if the reader closed the pipe (head, less), which is not an error.
// Throws Error(internal) if the disk is full or stdout is closed.
bool write_result(std::string_view text);
// Returns false if the process was started with stdout closed (`>&-`).
[[nodiscard]] bool is_stdout_open();
// Writes to stderr if possible. A message that cannot be written is lost, and the work goes on.
void write_message(std::string_view text) noexcept;

}  // namespace walbrook::cli
