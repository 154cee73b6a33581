#include "cli/command_line_decode.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/mask_secrets.h"
#include "base/names.h"
#include "base/text.h"
#include "base/user_paths.h"
#include "cli/flags.h"
#include "postgres/protocol/capture.h"

namespace walbrook::cli {
namespace {

constexpr std::uint64_t most_limit = 1'000'000'000'000;

[[noreturn]] void refuse_together(std::string_view flag, std::string_view other, std::string hint) {
  throw Error(ErrorKind::configuration, fmt::format("{} and {} exclude each other", flag, other), std::move(hint));
}

// Flags that set how a slot is read do not apply to a file.
void refuse_flags_of_slots(const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    const bool of_source = option->get_group() == source_group && option->get_name() != "--table";
    if (of_source && option->count() > 0) {
      refuse_together(option->get_name(), "a capture", "A capture keeps the options that it was recorded with.");
    }
  }
}

}  // namespace

void read_decode_options(const CLI::App& app, const Flags& flags, CommandLine& line) {
  auto& decode = line.decode;
  if (flags.capture) {
    refuse_flags_of_slots(app);
    if (flags.record) refuse_together("--record", "a capture", "The input is a capture already.");
    if (flags.capture->empty() || flags.capture->find("://") != std::string::npos) {
      throw Error(ErrorKind::configuration,
                  fmt::format("\"{}\" is not the name of a capture", printable(mask_secrets(*flags.capture))),
                  "A server is named by --source.");
    }
    decode.capture = expand_home(*flags.capture);
  }
  const auto streaming = postgres::parse_streaming(flags.streaming);
  if (!streaming) {
    throw Error(ErrorKind::configuration, fmt::format("--streaming \"{}\" is not known", printable(flags.streaming)),
                "Known: off, on, parallel.");
  }
  decode.streaming = *streaming;
  const int needed = decode.streaming == postgres::Streaming::off  ? 1
                     : decode.streaming == postgres::Streaming::on ? 2
                                                                   : 4;
  if (line.run.protocol != 0 && line.run.protocol < needed) {
    throw Error(ErrorKind::configuration,
                fmt::format("--streaming {} is not in protocol version {}", flags.streaming, line.run.protocol),
                fmt::format("It requires version {}.", needed));
  }
  decode.binary = flags.binary;
  decode.messages = flags.messages;
  // The configured value is meant for runs. Decode uses the server's own setting unless the flag is given.
  if (const auto memory = flags.setting("sources.pg_replication.logical_decoding_work_mem"))
    decode.logical_decoding_work_mem = *memory;
  if (flags.from) decode.from = parse_lsn("--from-lsn", *flags.from);
  if (flags.to) decode.to = parse_lsn("--to-lsn", *flags.to);
  if (flags.limit) decode.limit = parse_count("--limit", *flags.limit, 1, most_limit);
  for (const auto& table : line.run.tables) {
    if (!table.columns.empty()) {
      throw Error(ErrorKind::configuration, "--table of `walbrook decode` takes no columns", "Form: schema.table");
    }
  }
  if (!flags.record) return;
  if (flags.record->empty()) throw Error(ErrorKind::configuration, "--record needs the name of a file");
  if (!line.run.tables.empty()) refuse_together("--table", "--record", "A capture holds the stream of all tables.");
  if (flags.from) refuse_together("--from-lsn", "--record", "A capture begins at the slot's position.");
  decode.record = expand_home(*flags.record);
}

}  // namespace walbrook::cli
