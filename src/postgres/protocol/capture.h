// Captures: frames of a slot in a file, for tests and for whoever wants to show what a server sent.
//
// A line of text says what was asked for, then come the frames:
//
//   walbrook capture 1 server=180004 protocol=4 streaming=parallel binary=no messages=yes two_phase=no\n
//   { lsn:u64 length:u32 bytes }*                                    integers in network order, as in the frames
//
// `server` is server_version_num. The first frame stands outside of streamed blocks.
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
  bool binary = false;     // tuples were asked for in binary
  bool messages = false;   // logical messages were asked for
  bool two_phase = false;  // the slot decodes prepared transactions
  friend bool operator==(const CaptureHeader&, const CaptureHeader&) = default;

  [[nodiscard]] Wire wire() const {
    return {.protocol = protocol, .parallel_streaming = streaming == Streaming::parallel};
  }
};

// "off", "on", "parallel": as the option's value is written.
[[nodiscard]] std::string_view to_string(Streaming streaming);
[[nodiscard]] std::optional<Streaming> parse_streaming(std::string_view text);

// With its line feed.
[[nodiscard]] std::string to_line(const CaptureHeader& header);
// Of one frame, with its LSN and length.
[[nodiscard]] std::string captured(Lsn lsn, std::string_view frame);

// Ends with the file. Moves nothing, so that it keeps no position and `confirm` does nothing.
class CaptureReader final : public ChangeReader {
 public:
  // Reads the header. `name` is the file's, for errors. Throws Error(protocol), as `poll` does, where the bytes are no
  // capture. Of one that is cut off, the frames before that are whole.
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

// Throws Error(source_not_ready) where the file cannot be read.
[[nodiscard]] std::unique_ptr<CaptureReader> open_capture(const std::string& file);

}  // namespace walbrook::postgres
