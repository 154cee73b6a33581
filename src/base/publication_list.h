// A list of publications as text: `sales, stock`, or `"a,b",sales`.
//
// Names are exact: no letter changes its case. A name that contains a comma, or begins with a double quote, is put in
// double quotes, and quotes within it are doubled. pgoutput unites the publications of a list for one stream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace walbrook {

// Returns the names in the order of the text. Throws Error(configuration), which begins with `label`, if a name is
// empty, longer than PostgreSQL's 63 bytes, or there twice, and if a quote is not closed.
[[nodiscard]] std::vector<std::string> parse_publications(std::string_view label, std::string_view text);
// The same of a text that was checked before.
[[nodiscard]] std::vector<std::string> parse_publications(std::string_view text);

// Returns the text that parse_publications turns into `names`.
[[nodiscard]] std::string publication_list(const std::vector<std::string>& names);

// Returns the names for a sentence: "publication a", "publications a and b".
[[nodiscard]] std::string named_publications(const std::vector<std::string>& names);

}  // namespace walbrook
