// Where `walbrook decode` takes frames from: a slot, which stays where it is, or a capture.
#pragma once

#include <memory>

#include "cli/command_line.h"
#include "postgres/protocol/capture.h"
#include "postgres/stream/change_reader.h"

namespace walbrook::cli {

struct OpenedFrames {
  postgres::CaptureHeader header;  // what was asked for: of a capture its own header
  std::unique_ptr<postgres::ChangeReader> reader;
};
[[nodiscard]] OpenedFrames open_frames(const CommandLine& line);

}  // namespace walbrook::cli
