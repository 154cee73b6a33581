#include "cli/decode/decode.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "cli/commands/destination_access.h"
#include "cli/commands/source_names.h"
#include "cli/commands/stored_names.h"
#include "cli/decode/decode_filter.h"
#include "cli/decode/decode_line.h"
#include "cli/decode/decode_message.h"
#include "cli/decode/decode_source.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"
#include "postgres/protocol/decoder.h"

namespace walbrook::cli {
namespace {

constexpr std::size_t output_bytes = 64U << 10U;  // per write: a write for each of a million lines takes a second

// Writes lines to stdout until `limit` of them were written or the reader has closed the pipe.
class Output {
 public:
  explicit Output(std::uint64_t limit) : limit_(limit) {}

  // Returns false if no more lines are wanted.
  bool add(const std::string& line) {
    if (done_) return false;
    lines_ += line;
    lines_.push_back('\n');
    ++written_;
    done_ = limit_ != 0 && written_ >= limit_;
    if (lines_.size() >= output_bytes) flush();
    return !done_;
  }
  void flush() {
    if (!write_result(lines_)) done_ = true;
    lines_.clear();
  }

 private:
  std::uint64_t limit_;  // 0: no limit
  std::uint64_t written_ = 0;
  bool done_ = false;
  std::string lines_;
};

class DecodedFrames {
 public:
  explicit DecodedFrames(const CommandLine& line) : source_(open_frames(line)), wire_(source_.header.wire()) {}

  [[nodiscard]] postgres::CaptureHeader header() const { return source_.header; }
  // Returns false at the end of the stream.
  bool next(postgres::Frame& frame, postgres::Message& message) {
    if (!postgres::next_frame(*source_.reader, frame)) return false;
    ++count_;
    auto decoded = postgres::decode(frame.bytes, wire_);
    if (!decoded) {
      throw Error(ErrorKind::protocol,
                  fmt::format("frame {} at {} cannot be decoded: {} (byte {} of {})", count_, frame.lsn.to_string(),
                              decoded.error().message, decoded.error().offset, frame.bytes.size()));
    }
    message = *std::move(decoded);
    postgres::follow(message, wire_);
    return true;
  }

 private:
  OpenedFrames source_;
  postgres::Wire wire_;
  std::uint64_t count_ = 0;
};

void print_all(const CommandLine& line, DecodedFrames& frames, Output& output) {
  AnnouncedRelations relations;
  FilteredStream filter({.tables = line.run.tables, .from = line.decode.from, .to = line.decode.to});
  const auto text_of = [&line](const nlohmann::ordered_json& described) {
    return line.json ? as_line(described) : to_line(described);
  };
  std::string beginning;  // of the open transaction or block, until one of its messages is shown
  postgres::Frame frame;
  postgres::Message message;
  for (bool more = true; more && frames.next(frame, message);) {
    relations.learn(message);
    const auto shown = filter.decide(frame.lsn, message, relations);
    if (shown == FilteredStream::Shown::no) {
      if (!filter.open()) beginning.clear();
      continue;
    }
    auto text = text_of(describe(frame.lsn, message, relations));
    if (shown == FilteredStream::Shown::if_more_follows) {
      beginning = std::move(text);
      continue;
    }
    if (!beginning.empty()) more = output.add(beginning);
    beginning.clear();
    more = more && output.add(text);
  }
  output.flush();
  for (const auto& table : filter.tables_not_seen()) spdlog::warn("no message concerns table {}", printable(table));
}

void print(const CommandLine& line) {
  DecodedFrames frames(line);
  Output output(line.decode.limit);
  try {
    print_all(line, frames, output);
  } catch (const Error&) {
    output.flush();  // the messages before the error are valid
    throw;
  }
}

// Decodes every frame that it records: a capture that cannot be read is useless.
void record(const CommandLine& line) {
  DecodedFrames frames(line);
  const auto& file = line.decode.record;
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  const auto written = [&file](const std::ofstream& stream) {
    if (stream) return;
    throw Error(ErrorKind::destination,
                fmt::format("the capture {} cannot be written: {}", file, std::strerror(errno)));
  };
  written(out);
  out << to_line(frames.header());
  std::uint64_t count = 0;
  postgres::Frame frame;
  postgres::Message message;
  while ((line.decode.limit == 0 || count < line.decode.limit) && frames.next(frame, message)) {
    const auto bytes = postgres::captured(frame.lsn, frame.bytes);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    written(out);
    ++count;
  }
  const auto size = static_cast<std::uint64_t>(out.tellp());
  out.close();
  written(out);
  if (line.json) {
    const nlohmann::ordered_json event = {{"event", "recorded"}, {"messages", count}, {"bytes", size}, {"file", file}};
    write_result(as_line(event) + "\n");
  } else {
    write_result(
        fmt::format("recorded {}, {} → {}\n", counted(count, "message"), short_bytes(static_cast<double>(size)), file));
  }
}

// Takes slot and publication from the pipeline that the destination holds.
CommandLine with_names_of_destination(const CommandLine& line) {
  const DestinationReader reader(line);
  return with_stored_names(line, *reader.stored());
}

}  // namespace

int decode_command(const CommandLine& given) {
  auto line = given;
  if (line.decode.capture.empty()) {
    take_source_names(line);
    if (!line.destination.url.empty()) line = with_names_of_destination(line);
  }
  if (line.decode.record.empty()) {
    print(line);
  } else {
    record(line);
  }
  return 0;
}

}  // namespace walbrook::cli
