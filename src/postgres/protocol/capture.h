// Captures: the frames of a slot in a file, for tests and for showing what a server sent.
//
// A line of text describes the request, and the frames follow:
//
//   walbrook capture 1 server=180004 protocol=4 streaming=parallel binary=no messages=yes two_phase=no\n
//   { lsn:u64 length:u32 bytes }*                                    integers in network order, as in the frames
//
// `server` is server_version_num. The first frame is outside of streamed blocks.
#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "postgres/protocol/message.h"
#include "postgres/stream/change_reader.h"

namespace walbrook::postgres {

struct CaptureHeader {
  int server_version = 0;  // 150018
  int protocol = 1;
  Streaming streaming = Streaming::off;
  bool binary = false;     // tuples were requested in binary
  bool messages = false;   // logical messages were requested
  bool two_phase = false;  // the slot decodes prepared transactions
  friend bool operator==(const CaptureHeader&, const CaptureHeader&) = default;

  [[nodiscard]] Wire wire() const {
    return {.protocol = protocol, .parallel_streaming = streaming == Streaming::parallel};
  }
};

// Returns the mode as it is written for the option: "off", "on" or "parallel".
[[nodiscard]] std::string_view to_string(Streaming streaming);
[[nodiscard]] std::optional<Streaming> parse_streaming(std::string_view text);

// Returns the header line, including its line feed.
[[nodiscard]] std::string to_line(const CaptureHeader& header);
// Returns one frame as a capture stores it, with its LSN and length.
[[nodiscard]] std::string captured(Lsn lsn, std::string_view frame);

// Reads a capture until the end of the file. It moves no slot, so it keeps no position and `confirm` does nothing.
class CaptureReader final : public ChangeReader {
 public:
  // Reads the header. `name` is the file's name, for errors. This constructor and `poll` throw Error(protocol) if the
  // bytes are not a capture. If a capture is cut off, all frames before that point are read.
  CaptureReader(std::unique_ptr<std::istream> in, std::string name);

  [[nodiscard]] const CaptureHeader& header() const { return header_; }

  [[nodiscard]] Poll poll(Frame& out) override;
  void wait_until(SteadyTime /*until*/) override {}
  void interrupt() override {}
  [[nodiscard]] Lsn begins_at() const override { return {}; }
  [[nodiscard]] Lsn position() const override { return {}; }
  void confirm(Lsn /*durable*/) override {}

 private:
  [[noreturn]] void fail(std::string_view why) const;

  std::unique_ptr<std::istream> in_;
  std::string name_;
  CaptureHeader header_;
  std::uint64_t frames_ = 0;
  std::string frame_;
};

// Throws Error(source_not_ready) if the file cannot be read.
[[nodiscard]] std::unique_ptr<CaptureReader> open_capture(const std::string& file);

}  // namespace walbrook::postgres
