// Prints a described message on one line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace walbrook::cli {

// `0/1538D18    Insert    public.orders  id=1 note=NULL body=(unchanged)`. `described` comes from describe
// (decode_message.h). Values with characters other than letters, digits and _.:+-/ are quoted as in SQL.
[[nodiscard]] std::string to_line(const nlohmann::ordered_json& described);

}  // namespace walbrook::cli
