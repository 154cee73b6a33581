// A described message on one line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace walbrook::cli {

// `0/1538D18    Insert    public.orders  id=1 note=NULL body=(unchanged)`. `described`: from describe
// (decode_message.h). Values that are more than letters, digits and _.:+-/ stand in quotes, as in SQL.
[[nodiscard]] std::string to_line(const nlohmann::ordered_json& described);

}  // namespace walbrook::cli
