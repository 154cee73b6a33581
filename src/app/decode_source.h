// Where `walbrook decode` takes frames from: a slot, which stays where it is, or a capture.
#pragma once

#include <memory>

#include "app/command_line.h"
#include "pgoutput/capture.h"
#include "source/change_reader.h"

namespace walbrook::app {

class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  // What was asked for: of a capture its own header.
  [[nodiscard]] virtual pgoutput::CaptureHeader header() const = 0;
  // False: there is nothing more. `out` is valid until the next call.
  [[nodiscard]] virtual bool next(source::Frame& out) = 0;
};

[[nodiscard]] std::unique_ptr<FrameSource> open_frames(const CommandLine& line);

}  // namespace walbrook::app
