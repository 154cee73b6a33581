#include "test/docs/shown_output.h"

#include <algorithm>
#include <regex>
#include <sstream>
#include <vector>

namespace walbrook::test {
namespace {

const std::string any = "…";
const std::string bar = "█";

using Lines = std::vector<std::string>;

// The order matters: an LSN is not a fraction, and a time contains no duration. A rate is not shown if no time passed.
const std::vector<std::pair<std::regex, std::string>>& patterns() {
  static const std::vector<std::pair<std::regex, std::string>> all = [] {
    std::vector<std::pair<std::regex, std::string>> list;
    for (const auto& [pattern, stands] : std::vector<std::pair<const char*, const char*>>{
             {R"(\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00(:00)?)?)", "TIME"},
             {R"(\b[0-9A-F]{1,8}/[0-9A-F]{5,8}\b)", "LSN"},
             {R"(PostgreSQL 1\d(\.\d+)?( \([^)]*\))?)", "PostgreSQL VERSION"},
             {R"(\b(PID|pid) \d+)", "PID"},
             {R"(\b(xid|oid|cluster)(\W{1,3})\d+)", "$1$2NUMBER"},
             {R"(\b\d+ (bytes|kB|MB|GB)\b)", "SIZE"},
             {R"(, [0-9][0-9,.]* rows/s)", ""},
             {R"(\b\d+(\.\d+)? (µs|ms|s|min)\b)", "DURATION"},
             {R"((█|▉|▊|▋|▌|▍|▎|▏|░)+)", "█"},
             {R"((─)+)", "─"},
             {R"(-+)", "-"},
             {R"( +)", " "},
             {R"(\s+$)", ""}}) {
      list.emplace_back(std::regex(pattern), stands);
    }
    return list;
  }();
  return all;
}

std::string steady(std::string line) {
  for (const auto& [pattern, stands] : patterns()) line = std::regex_replace(line, pattern, stands);
  return line;
}

bool has_bar(const std::string& line) {
  return line.find(bar) != std::string::npos;
}

Lines steady_lines(const std::string& text) {
  std::istringstream in(text);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(steady(line));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (auto first = lines.begin(); first != lines.end();) {
    first = std::find_if(first, lines.end(), has_bar);
    const auto last = std::find_if_not(first, lines.end(), has_bar);
    std::sort(first, last);
    first = last;
  }
  return lines;
}

bool line_matches(const std::string& shown, const std::string& came) {
  std::size_t at = 0;
  std::size_t from = 0;
  for (bool first = true;; first = false) {
    const auto end = shown.find(any, from);
    const auto part = shown.substr(from, end - from);
    if (end == std::string::npos) {
      if (first) return came == shown;
      return came.size() >= at + part.size() && came.ends_with(part);
    }
    const auto found = first ? (came.starts_with(part) ? 0 : std::string::npos) : came.find(part, at);
    if (found == std::string::npos) return false;
    at = found + part.size();
    from = end + any.size();
  }
}

// Returns whether shown[i…] matches came[j…]. `furthest` is the first shown line without a match.
bool lines_match(const Lines& shown, std::size_t i, const Lines& came, std::size_t j, std::size_t& furthest) {
  for (; i < shown.size(); ++i, ++j) {
    furthest = std::max(furthest, i);
    if (shown[i] == any) {
      for (std::size_t rest = j; rest <= came.size(); ++rest) {
        if (lines_match(shown, i + 1, came, rest, furthest)) return true;
      }
      return false;
    }
    if (j >= came.size() || !line_matches(shown[i], came[j])) return false;
  }
  furthest = std::max(furthest, i);
  return j == came.size();
}

}  // namespace

std::string difference(const std::string& shown, const std::string& came) {
  const auto expected = steady_lines(shown);
  std::size_t furthest = 0;
  if (lines_match(expected, 0, steady_lines(came), 0, furthest)) return "";
  const auto missed = furthest < expected.size() ? "no line fits \"" + expected[furthest] + "\""
                                                 : std::string("more came than is shown");
  return missed + "\n--- shown\n" + shown + "--- came\n" + came + "---";
}

bool holds(const std::string& came, const std::string& shown) {
  const auto lines = steady_lines(came);
  const auto wanted = steady_lines(shown);
  auto at = lines.begin();
  return std::ranges::all_of(wanted, [&](const std::string& each) {
    at = std::find_if(at, lines.end(), [&](const std::string& line) { return line_matches(any + each + any, line); });
    return at++ != lines.end();
  });
}

// Handles only what walbrook, psql and compilers write: up, start of line, erase, colors.
std::string on_terminal(const std::string& bytes) {
  Lines screen(1);
  std::size_t row = 0;
  bool at_start = false;  // after "\r": the next text replaces the line
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\n') {
      at_start = false;
      if (++row == screen.size()) screen.emplace_back();
    } else if (c == '\r') {
      at_start = true;
    } else if (c == '\x1b' && i + 1 < bytes.size() && bytes[i + 1] == '[') {
      const auto end = bytes.find_first_not_of("0123456789;?", i + 2);
      const auto count = static_cast<std::size_t>(std::max(1, std::atoi(bytes.c_str() + i + 2)));
      i = std::min(end, bytes.size() - 1);
      if (bytes[i] == 'A') row -= std::min(row, count), at_start = true;
      if (bytes[i] == 'K' && at_start) screen[row].clear();
      if (bytes[i] == 'J') screen.resize(row + 1), screen[row].clear();
    } else {
      if (at_start) screen[row].clear();
      at_start = false;
      screen[row] += c;
    }
  }
  std::string text;
  for (const auto& line : screen) text += line + "\n";
  text.pop_back();
  return text;
}

}  // namespace walbrook::test
