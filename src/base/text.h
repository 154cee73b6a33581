// Formats numbers, names and lines for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace walbrook {

[[nodiscard]] std::string with_thousands(std::uint64_t number);  // 1,640,000
[[nodiscard]] std::string short_count(std::uint64_t number);     // 6.1 M; below 10,000 as with_thousands
[[nodiscard]] std::string short_bytes(double bytes);             // 212 MB; decimal, as networks and disks count
[[nodiscard]] std::string short_duration(double seconds);        // 12 ms, 0.2 s, 9.8 s, 75 s, 4 min 10 s, 2 h 5 min
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);  // 1 table, 4 tables

// Returns the terminal columns that UTF-8 text takes: none for combining marks, two for wide characters. Bytes that are
// not UTF-8, and control characters, count as one. REQUIRES: LC_CTYPE is UTF-8 (main sets C.UTF-8).
[[nodiscard]] std::size_t display_width(std::string_view text);
// Whether a character has no width and makes its neighbors appear in another order or on another line (Unicode
// Bidirectional Algorithm, UAX 9, section 2; the line and paragraph separators).
[[nodiscard]] bool reorders(char32_t code);
// Writes control characters as \n, \t or \xNN and bidirectional ones as \uNNNN, so that no value can move the cursor,
// color the terminal or reverse the text beside it.
[[nodiscard]] std::string printable(std::string_view text);
// As printable, for a message: a line break stays at the end of the text and before an indentation of two spaces, as
// before a hint. So a name with a line break in it cannot begin a line.
[[nodiscard]] std::string printable_lines(std::string_view text);
// As printable, for a text whose line breaks are all intended, such as a hint of several statements.
[[nodiscard]] std::string printable_block(std::string_view text);
// Cuts text to `columns`, with "…" as the last one.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);
[[nodiscard]] std::string padded_left(std::string text, std::size_t columns);   // spaces before
[[nodiscard]] std::string padded_right(std::string text, std::size_t columns);  // spaces after

}  // namespace walbrook
