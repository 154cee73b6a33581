// Streams of real servers: test/captures, recorded by tools/record-captures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "postgres/protocol/capture.h"

namespace walbrook::postgres {

struct Recorded {
  std::string name;  // "15-two-phase"
  CaptureHeader header;
  std::vector<std::string> frames;
};

inline std::vector<Recorded> all_captures() {
  std::vector<Recorded> all;
  for (const auto& entry : std::filesystem::directory_iterator(WALBROOK_SOURCE_DIR "/test/captures")) {
    const auto reader = open_capture(entry.path());
    auto& recorded = all.emplace_back(Recorded{entry.path().stem(), reader->header(), {}});
    Frame frame;
    while (next_frame(*reader, frame)) recorded.frames.emplace_back(frame.bytes);
  }
  return all;
}

}  // namespace walbrook::postgres
