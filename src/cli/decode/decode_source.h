// The frames of `walbrook decode`, from a slot, which is not advanced, or from a capture.
#pragma once

#include <memory>

#include "cli/command_line.h"
#include "postgres/protocol/capture.h"
#include "postgres/stream/change_reader.h"

namespace walbrook::cli {

struct OpenedFrames {
  postgres::CaptureHeader header;  // what was requested from the server, or the capture's own header
  std::unique_ptr<postgres::ChangeReader> reader;
};
[[nodiscard]] OpenedFrames open_frames(const CommandLine& line);

}  // namespace walbrook::cli
