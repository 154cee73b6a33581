#include "cli/decode/decode_source.h"

#include "postgres/stream/slot_peek.h"

namespace walbrook::cli {
namespace {

postgres::PeekOptions peek_options(const CommandLine& line) {
  const auto& decode = line.decode;
  const bool takes_all = line.run.tables.empty() && !decode.from;
  return {.slot = line.run.slot,
          .publication = line.run.publication,
          .protocol = line.run.protocol,
          .streaming = decode.streaming,
          .binary = decode.binary,
          .messages = decode.messages,
          .end = decode.to,
          .enough = takes_all ? decode.limit : 0,  // with a filter, the number needed is unknown
          .logical_decoding_work_mem = decode.logical_decoding_work_mem};
}

OpenedFrames peek(const CommandLine& line) {
  const auto options = peek_options(line);
  auto reader = std::make_unique<postgres::SlotPeek>(line.run.conninfo, options);
  const postgres::CaptureHeader header{.server_version = reader->server_version(),
                                       .protocol = reader->protocol(),
                                       .streaming = options.streaming,
                                       .binary = options.binary,
                                       .messages = options.messages,
                                       .two_phase = reader->two_phase()};
  return {.header = header, .reader = std::move(reader)};
}

}  // namespace

OpenedFrames open_frames(const CommandLine& line) {
  if (line.decode.capture.empty()) return peek(line);
  auto reader = postgres::open_capture(line.decode.capture);
  const auto header = reader->header();
  return {.header = header, .reader = std::move(reader)};
}

}  // namespace walbrook::cli
