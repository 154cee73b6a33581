// Where `walbrook decode` takes frames from: a slot, which stays where it is, or a capture.
#pragma once

#include <memory>

#include "cli/command_line.h"
#include "postgres/protocol/capture.h"
#include "postgres/stream/change_reader.h"

namespace walbrook::cli {

class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  // What was asked for: of a capture its own header.
  [[nodiscard]] virtual postgres::CaptureHeader header() const = 0;
  // False: there is nothing more. `out` is valid until the next call.
  [[nodiscard]] virtual bool next(postgres::Frame& out) = 0;
};

[[nodiscard]] std::unique_ptr<FrameSource> open_frames(const CommandLine& line);

}  // namespace walbrook::cli
