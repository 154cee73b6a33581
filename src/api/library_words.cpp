#include "api/library_words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace walbrook::api {
namespace {

struct Saying {
  std::string_view of_the_command;
  std::string_view of_the_library;
};
// The first that fits counts.
constexpr std::array<Saying, 26> sayings = {{
    {"walbrook run --accept-new-system", "accept_new_system"},
    {"walbrook run --skip-transaction", "the command walbrook run --skip-transaction"},
    {"walbrook run --reset", "init_replication with .reset = true"},
    {"; walbrook run --follow waits by itself", ""},
    {"walbrook run creates it", "init_replication creates it"},
    {"start walbrook run again", "run the pipeline again"},
    {"Start walbrook run first", "Run the pipeline first"},
    {"walbrook run", "the pipeline's run"},
    {"walbrook resync", "a run with the snapshot of"},
    {" (--no-snapshot)", ""},
    {"--accept-new-system", "accept_new_system"},
    {"--adopt-slot", "adopt_slot"},
    {"--reset", ".reset = true"},
    {"--slot", "slot_name"},
    {"--publication", "pub_name"},
    {"--source", "credentials"},
    {"--table", "table_names"},
    {"--schema", "schema_name"},
    {"--snapshot-wait", "snapshot_wait"},
    {"--dataset NAME", "dataset_name"},
    {"--query-timeout", "query_timeout"},
    {"--query-rows", "query_rows"},
    {"--query-memory", "query_memory"},
    {"--spool-dir", "spool_dir"},
    {"--max-spool-size", "max_spool_size"},
    {"--destination", "destination"},
}};

// Not the beginning of a longer word: --slot is no part of --slot-wait.
bool stands_alone(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  const char next = text.size() > word.size() ? text[word.size()] : ' ';
  return next != '-' && next != '_' && std::isalnum(static_cast<unsigned char>(next)) == 0;
}

}  // namespace

std::string in_library_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto found = std::ranges::find_if(
        sayings, [text](const Saying& saying) { return stands_alone(text, saying.of_the_command); });
    if (found == sayings.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += found->of_the_library;
      text.remove_prefix(found->of_the_command.size());
    }
  }
  return out;
}

Error in_library_words(const Error& error) {
  return {error.kind(), in_library_words(error.cause()), in_library_words(error.mend()), error.facts()};
}

}  // namespace walbrook::api
