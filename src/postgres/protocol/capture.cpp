#include "postgres/protocol/capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

namespace walbrook::postgres {
namespace {

constexpr std::string_view first_words = "walbrook capture 1";
constexpr std::size_t max_header_bytes = 1000;
constexpr std::uint32_t max_frame_bytes = 1U << 30U;  // PostgreSQL builds no frame of 1 GB
constexpr std::size_t bytes_at_once = 1U << 20U;      // a wrong length takes no more memory than the file has bytes
constexpr std::size_t frame_header_bytes = 12;

constexpr std::array<std::string_view, 3> streaming_names = {"off", "on", "parallel"};

std::string_view yes_no(bool value) {
  return value ? "yes" : "no";
}

bool set_switch(std::string_view value, bool& out) {
  out = value == "yes";
  return out || value == "no";
}

bool set_number(std::string_view value, int least, int most, int& out) {
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), out);
  return status == std::errc{} && end == value.data() + value.size() && out >= least && out <= most;
}

// Returns false if there is no such key, or no such value for it.
bool set(CaptureHeader& header, std::string_view key, std::string_view value) {
  if (key == "server") return set_number(value, 10'00'00, 99'99'99, header.server_version);
  if (key == "protocol") return set_number(value, 1, newest_protocol, header.protocol);
  if (key == "binary") return set_switch(value, header.binary);
  if (key == "messages") return set_switch(value, header.messages);
  if (key == "two_phase") return set_switch(value, header.two_phase);
  if (key != "streaming") return false;
  const auto streaming = parse_streaming(value);
  header.streaming = streaming.value_or(Streaming::off);
  return streaming.has_value();
}

}  // namespace

std::string_view to_string(Streaming streaming) {
  return streaming_names[static_cast<std::size_t>(streaming)];
}

std::optional<Streaming> parse_streaming(std::string_view text) {
  const auto* const found = std::find(streaming_names.begin(), streaming_names.end(), text);
  if (found == streaming_names.end()) return std::nullopt;
  return static_cast<Streaming>(found - streaming_names.begin());
}

std::string to_line(const CaptureHeader& header) {
  return fmt::format("{} server={} protocol={} streaming={} binary={} messages={} two_phase={}\n", first_words,
                     header.server_version, header.protocol, to_string(header.streaming), yes_no(header.binary),
                     yes_no(header.messages), yes_no(header.two_phase));
}

std::string captured(Lsn lsn, std::string_view frame) {
  ByteWriter out;
  out.u64(lsn.value);
  out.u32(static_cast<std::uint32_t>(frame.size()));
  out.bytes(frame);
  return out.take();
}

CaptureReader::CaptureReader(std::unique_ptr<std::istream> in, std::string name)
    : in_(std::move(in)), name_(std::move(name)) {
  std::string line;
  for (char c = 0; line.size() < max_header_bytes && in_->get(c) && c != '\n';) line.push_back(c);
  std::string_view rest = line;
  if (!rest.starts_with(first_words) || !*in_) {
    throw Error(ErrorKind::protocol,
                fmt::format("{} is not a capture: it does not begin with a line \"{} …\"", name_, first_words),
                remedy("`{}` writes captures.", RemedyAction::record_capture));
  }
  rest.remove_prefix(first_words.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);  // a space
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    const auto equals = std::min(word.find('='), word.size());
    if (equals == word.size() || !set(header_, word.substr(0, equals), word.substr(equals + 1))) {
      throw Error(ErrorKind::protocol,
                  fmt::format("{} is a capture of an unknown version: its first line is \"{}\"", name_, word),
                  "A later version of walbrook may have written it.");
    }
  }
}

Poll CaptureReader::poll(Frame& out) {
  std::array<char, frame_header_bytes> header{};
  in_->read(header.data(), header.size());
  if (in_->gcount() == 0) return Poll::ended;
  if (!*in_) fail("it ends within the frame's length");
  ByteReader fields({header.data(), header.size()});
  out.lsn = Lsn{fields.u64()};
  const std::size_t size = fields.u32();
  if (size > max_frame_bytes) fail(fmt::format("the frame's length is {} bytes", size));
  frame_.clear();
  while (frame_.size() < size) {
    const auto before = frame_.size();
    frame_.resize(before + std::min(size - before, bytes_at_once));
    in_->read(frame_.data() + before, static_cast<std::streamsize>(frame_.size() - before));
    if (!*in_) fail(fmt::format("the frame of {} bytes is cut off", size));
  }
  ++frames_;
  out.bytes = frame_;
  return Poll::frame;
}

std::unique_ptr<CaptureReader> open_capture(const std::string& file) {
  errno = 0;
  auto in = std::make_unique<std::ifstream>(file, std::ios::binary);
  // A directory can be opened but not read.
  if (!*in || in->peek() == std::ifstream::traits_type::eof()) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("the capture {} cannot be read: {}", file,
                            in->is_open() && errno == 0 ? "it is empty" : std::strerror(errno)));
  }
  return std::make_unique<CaptureReader>(std::move(in), file);
}

void CaptureReader::fail(std::string_view why) const {
  throw Error(ErrorKind::protocol,
              fmt::format("the capture {} cannot be read on at frame {}: {}", name_, frames_ + 1, why),
              "The frames before it are complete.");
}

}  // namespace walbrook::postgres
