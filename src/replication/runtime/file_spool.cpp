#include "replication/runtime/file_spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace walbrook::replication {
namespace {

constexpr std::size_t tail_bytes_at_most = 64U << 10U;      // of one key
constexpr std::size_t all_tails_bytes_at_most = 4U << 20U;  // of all keys
constexpr std::size_t buffer_bytes_kept = 1U << 20U;        // a larger read buffer is freed when it is no longer needed

// There is no room for bytes that are to be put.
struct NoRoom {
  std::string why;
};

struct FrameHeader {  // in the machine's byte order
  std::uint64_t bytes = 0;
  Lsn first_commit;
};
static_assert(std::is_trivially_copyable_v<FrameHeader> && sizeof(FrameHeader) == 16);

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

Error not_created(const std::string& folder, int error) {
  return {ErrorKind::configuration,
          fmt::format("the spool cannot be created in {}: {}", folder, reason_of(error)),
          remedy("Name a folder of this machine that can be written to: {}.", RemedyOption::spool_dir),
          {.setting = "spool_dir"}};
}

// Creates a file without a name; if the file system cannot, the name is removed right away.
Descriptor create(const std::string& folder) {
  Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.get() >= 0) return file;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) throw not_created(folder, errno);
  auto name = folder + "/.walbrook-spool-XXXXXX";
  file = Descriptor(::mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0 || ::unlink(name.c_str()) != 0) throw not_created(folder, errno);
  return file;
}

std::uint64_t half_of_free(const std::string& folder) {
  struct statvfs system {};
  if (::statvfs(folder.c_str(), &system) != 0) throw not_created(folder, errno);
  return static_cast<std::uint64_t>(system.f_bavail) * system.f_frsize / 2;
}

std::string_view raw(const FrameHeader& header) {
  return {reinterpret_cast<const char*>(&header), sizeof(header)};
}

// Takes the first frame off the front of `frames`.
std::pair<FrameHeader, std::string_view> next_frame(std::string_view& frames) {
  FrameHeader header;
  std::memcpy(&header, frames.data(), sizeof(header));
  const auto bytes = frames.substr(sizeof(header), header.bytes);
  frames.remove_prefix(sizeof(header) + header.bytes);
  return {header, bytes};
}

// The frames before the first one whose commit is `first_commit` or later.
struct Kept {
  std::size_t size = 0;     // with headers
  std::uint64_t bytes = 0;  // without headers
  Lsn newest;
};
Kept kept_before(std::string_view frames, Lsn first_commit) {
  Kept kept;
  while (!frames.empty()) {
    const auto [header, bytes] = next_frame(frames);
    if (header.first_commit >= first_commit) break;
    kept = {.size = kept.size + sizeof(header) + bytes.size(),
            .bytes = kept.bytes + bytes.size(),
            .newest = header.first_commit};
  }
  return kept;
}

// Adds [offset, offset + size) to `room`, merged with the ranges that it touches. Returns the merged range.
std::pair<std::uint64_t, std::uint64_t> add_room(std::map<std::uint64_t, std::uint64_t>& room, std::uint64_t offset,
                                                 std::uint64_t size) {
  auto next = room.lower_bound(offset);
  if (next != room.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      room.erase(before);
    }
  }
  if (next != room.end() && next->first == offset + size) {
    size += next->second;
    room.erase(next);
  }
  room[offset] = size;
  return {offset, size};
}

// Removes [offset, offset + size) from `room`, which may contain parts of it.
void remove_room(std::map<std::uint64_t, std::uint64_t>& room, std::uint64_t offset, std::uint64_t size) {
  const auto end = offset + size;
  auto at = room.upper_bound(offset);
  if (at != room.begin()) --at;
  while (at != room.end() && at->first < end) {
    const auto [first, length] = *at;
    if (first + length <= offset) {
      ++at;
      continue;
    }
    at = room.erase(at);
    if (first < offset) room[first] = offset - first;
    if (first + length > end) room[end] = first + length - end;
  }
}

}  // namespace

FileSpool::FileSpool(const FileSpoolOptions& options)
    : folder_(options.folder),
      file_(create(options.folder)),
      max_bytes_(options.max_bytes > 0 ? options.max_bytes : half_of_free(options.folder)) {}

void FileSpool::put(const SpoolKey& key, Lsn first_commit, std::string_view bytes) {
  try {
    if (bytes_ + bytes.size() > max_bytes_) {
      throw NoRoom{fmt::format("it would hold {} bytes, {} are allowed", bytes_ + bytes.size(), max_bytes_)};
    }
    auto& queue = queues_[key];
    add(queue, first_commit, bytes);
    queue.bytes += bytes.size();
  } catch (const NoRoom& full) {
    throw SpoolFull("the spool is full: " + full.why, key, bytes.size());
  }
  bytes_ += bytes.size();
  newest_commit_ = std::max(newest_commit_, first_commit);
}

void FileSpool::add(Queue& queue, Lsn first_commit, std::string_view bytes) {
  const FrameHeader header{.bytes = bytes.size(), .first_commit = first_commit};
  const auto size = sizeof(header) + bytes.size();
  if (queue.tail.size() + size > tail_bytes_at_most) write_tail(queue);
  if (size > tail_bytes_at_most) {
    return write_chunk(queue, raw(header), bytes,
                       {.size = size, .bytes = bytes.size(), .oldest = first_commit, .newest = first_commit});
  }
  if (tail_bytes_ + size > all_tails_bytes_at_most) write_tails();
  queue.tail.append(raw(header)).append(bytes);
  tail_bytes_ += size;
}

void FileSpool::write_tail(Queue& queue) {
  if (queue.tail.empty()) return;
  write_chunk(queue, queue.tail, {}, chunk_of(queue.tail));
  tail_bytes_ -= queue.tail.size();
  queue.tail.clear();
}

FileSpool::Chunk FileSpool::chunk_of(std::string_view frames) {
  Chunk chunk{.size = frames.size()};
  while (!frames.empty()) {
    const bool first = frames.size() == chunk.size;
    const auto [header, bytes] = next_frame(frames);
    if (first) chunk.oldest = header.first_commit;
    chunk.newest = header.first_commit;
    chunk.bytes += bytes.size();
  }
  return chunk;
}

void FileSpool::write_tails() {
  std::string all;
  all.reserve(tail_bytes_);
  for (const auto& [key, queue] : queues_) all += queue.tail;
  auto offset = write_somewhere(all, {});
  for (auto& [key, queue] : queues_) {
    const auto tail = std::exchange(queue.tail, {});  // frees the capacity of an empty tail as well
    if (tail.empty()) continue;
    auto& chunk = queue.chunks.emplace_back(chunk_of(tail));
    chunk.offset = offset;
    offset += chunk.size;
  }
  tail_bytes_ = 0;
}

void FileSpool::write_chunk(Queue& queue, std::string_view header, std::string_view bytes, Chunk chunk) {
  chunk.offset = write_somewhere(header, bytes);
  queue.chunks.push_back(chunk);
}

std::uint64_t FileSpool::write_somewhere(std::string_view header, std::string_view bytes) {
  const auto size = header.size() + bytes.size();
  const auto offset = take_room(size);
  try {
    write(offset, header);
    write(offset + header.size(), bytes);
  } catch (...) {
    free_room(offset, size);
    give_back();
    throw;
  }
  return offset;
}

void FileSpool::write(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
      throw NoRoom{fmt::format("its file in {} cannot grow ({})", folder_, reason_of(errno))};
    }
    if (written < 0) {
      throw Error(ErrorKind::destination, fmt::format("writing to the spool in {}: {}", folder_, reason_of(errno)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

std::string_view FileSpool::read(const Chunk& chunk) {
  if (buffer_.capacity() > buffer_bytes_kept && chunk.size <= buffer_bytes_kept) std::string().swap(buffer_);
  buffer_.resize(chunk.size);
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const auto got =
        ::pread(file_.get(), buffer_.data() + done, buffer_.size() - done, static_cast<off_t>(chunk.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(ErrorKind::internal, fmt::format("reading the spool in {}: {}", folder_,
                                                   got < 0 ? reason_of(errno) : "it is shorter than what was written"));
    }
    done += static_cast<std::size_t>(got);
  }
  return buffer_;
}

void FileSpool::for_each(const SpoolKey& key, const std::function<void(std::string_view)>& sink) {
  const auto found = queues_.find(key);
  if (found == queues_.end()) return;
  // `sink` may put bytes under other keys, which may write this key's tail: what is there now is handed out.
  const auto chunks = found->second.chunks;
  const auto tail = found->second.tail;
  const auto hand_out = [&sink](std::string_view frames) {
    while (!frames.empty()) sink(next_frame(frames).second);
  };
  for (const auto& chunk : chunks) hand_out(read(chunk));
  hand_out(tail);
  std::string().swap(buffer_);
}

FileSpool::Queues::iterator FileSpool::drop(Queues::iterator at) {
  const auto& queue = at->second;
  for (const auto& chunk : queue.chunks) free_room(chunk.offset, chunk.size);
  tail_bytes_ -= queue.tail.size();
  bytes_ -= queue.bytes;
  return queues_.erase(at);
}

void FileSpool::discard(const SpoolKey& key) {
  const auto found = queues_.find(key);
  if (found == queues_.end()) return;
  drop(found);
  give_back();
}

void FileSpool::discard_transactions() {
  for (auto at = queues_.begin(); at != queues_.end();) {
    at = at->first.kind == SpoolKey::Kind::transaction ? drop(at) : std::next(at);
  }
  give_back();
}

void FileSpool::discard_from(Lsn first_commit) {
  if (newest_commit_ < first_commit) return;  // the usual case, unless a load or the stream is repeated
  for (auto& [key, queue] : queues_) {
    if (key.kind == SpoolKey::Kind::output) cut(queue, first_commit);
  }
  newest_commit_ = first_commit;
  give_back();
}

void FileSpool::cut(Queue& queue, Lsn first_commit) {
  const auto kept_of_tail = kept_before(queue.tail, first_commit);
  tail_bytes_ -= queue.tail.size() - kept_of_tail.size;
  queue.tail.resize(kept_of_tail.size);
  auto& chunks = queue.chunks;
  while (!chunks.empty() && chunks.back().oldest >= first_commit) {
    free_room(chunks.back().offset, chunks.back().size);
    chunks.pop_back();
  }
  if (!chunks.empty() && chunks.back().newest >= first_commit) {
    auto& last = chunks.back();
    const auto kept = kept_before(read(last), first_commit);
    free_room(last.offset + kept.size, last.size - kept.size);
    last = {
        .offset = last.offset, .size = kept.size, .bytes = kept.bytes, .oldest = last.oldest, .newest = kept.newest};
  }
  std::uint64_t bytes = kept_of_tail.bytes;
  for (const auto& chunk : chunks) bytes += chunk.bytes;
  bytes_ -= queue.bytes - bytes;
  queue.bytes = bytes;
}

std::vector<std::pair<SpoolKey, std::uint64_t>> FileSpool::keys() const {
  std::vector<std::pair<SpoolKey, std::uint64_t>> keys;
  for (const auto& [key, queue] : queues_) {
    if (queue.bytes > 0) keys.emplace_back(key, queue.bytes);
  }
  return keys;
}

// Returns the first free range that is large enough, or the end of the last chunk.
std::uint64_t FileSpool::take_room(std::uint64_t size) {
  const auto found = std::ranges::find_if(free_, [size](const auto& room) { return room.second >= size; });
  if (found == free_.end()) return std::exchange(end_, end_ + size);
  const auto offset = found->first;
  remove_room(free_, offset, size);
  remove_room(freed_, offset, size);
  return offset;
}

void FileSpool::free_room(std::uint64_t offset, std::uint64_t size) {
  const auto [first, length] = add_room(free_, offset, size);
  add_room(freed_, offset, size);
  if (first + length < end_) return;
  free_.erase(first);
  end_ = first;
}

void FileSpool::give_back() {
  if (freed_.empty()) return;
  const auto freed = std::exchange(freed_, {});
  struct stat now {};
  if (::fstat(file_.get(), &now) == 0 && static_cast<std::uint64_t>(now.st_size) > end_) {
    static_cast<void>(::ftruncate(file_.get(), static_cast<off_t>(end_)));
  }
  for (const auto& [offset, size] : freed) {
    if (!punches_ || offset >= end_) break;
    const auto length = std::min(size, end_ - offset);
    punches_ = ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                           static_cast<off_t>(length)) == 0;
  }
}

std::uint64_t FileSpool::bytes_on_disk() const {
  struct stat now {};
  return ::fstat(file_.get(), &now) == 0 ? static_cast<std::uint64_t>(now.st_blocks) * 512 : 0;
}

}  // namespace walbrook::replication
