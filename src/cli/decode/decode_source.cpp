#include "cli/decode/decode_source.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "postgres/stream/slot_peek.h"

namespace walbrook::cli {
namespace {

class SlotFrames : public FrameSource {
 public:
  explicit SlotFrames(const CommandLine& line) : options_(options_of(line)), peek_(line.run.conninfo, options_) {}

  [[nodiscard]] postgres::CaptureHeader header() const override {
    return {.server_version = peek_.server_version(),
            .protocol = peek_.protocol(),
            .streaming = options_.streaming,
            .binary = options_.binary,
            .messages = options_.messages,
            .two_phase = peek_.two_phase()};
  }
  [[nodiscard]] bool next(postgres::Frame& out) override { return postgres::next_frame(peek_, out); }

 private:
  static postgres::PeekOptions options_of(const CommandLine& line) {
    const auto& decode = line.decode;
    const bool takes_all = line.run.tables.empty() && !decode.from;
    return {.slot = line.run.slot,
            .publication = line.run.publication,
            .protocol = line.run.protocol,
            .streaming = decode.streaming,
            .binary = decode.binary,
            .messages = decode.messages,
            .end = decode.to,
            .enough = takes_all ? decode.limit : 0,  // else it is not known how many are needed
            .decoding_memory = decode.decoding_memory};
  }

  postgres::PeekOptions options_;
  postgres::SlotPeek peek_;
};

class CaptureFrames : public FrameSource {
 public:
  explicit CaptureFrames(const std::string& file) : file_(file, std::ios::binary), reader_(opened(file_, file), file) {}

  [[nodiscard]] postgres::CaptureHeader header() const override { return reader_.header(); }
  [[nodiscard]] bool next(postgres::Frame& out) override { return reader_.next(out.lsn, out.bytes); }

 private:
  static std::istream& opened(std::ifstream& in, const std::string& file) {
    // A folder opens and cannot be read.
    if (!in || in.peek() == std::ifstream::traits_type::eof()) {
      throw Error(ErrorKind::source_not_ready,
                  fmt::format("the capture {} cannot be read: {}", file,
                              in.is_open() && errno == 0 ? "it is empty" : std::strerror(errno)));
    }
    return in;
  }

  std::ifstream file_;
  postgres::CaptureReader reader_;
};

}  // namespace

std::unique_ptr<FrameSource> open_frames(const CommandLine& line) {
  if (!line.decode.capture.empty()) return std::make_unique<CaptureFrames>(line.decode.capture);
  return std::make_unique<SlotFrames>(line);
}

}  // namespace walbrook::cli
