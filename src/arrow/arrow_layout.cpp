#include "arrow/arrow_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace walbrook {
namespace {

// Most rows of one array: far more than memory holds, and small enough to be multiplied by any width.
constexpr std::int64_t most_rows = std::int64_t{1} << 48;

[[noreturn]] void broken(const ArrowColumn& column, const std::string& why) {
  throw Error(
      ErrorKind::data,
      fmt::format("an array of the stream does not follow Arrow's C data interface: {}{}",
                  column.path.empty() ? "" : fmt::format("column \"{}\" ({}): ", column.path, column.format), why),
      "The producer of the stream is at fault. Nothing was written.", {.column = column.path});
}

// Returns how many buffers the array has; for views, at least so many.
std::int64_t buffers_of(ArrowReading reading) {
  switch (reading) {
    case ArrowReading::nothing:
      return 0;
    case ArrowReading::structure:
    case ArrowReading::list_fixed:
      return 1;
    case ArrowReading::bytes32:
    case ArrowReading::bytes64:
    case ArrowReading::bytes_view:
    case ArrowReading::list_view32:
    case ArrowReading::list_view64:
      return 3;
    default:
      return 2;
  }
}

class LayoutCheck {
 public:
  // REQUIRES of the array: at least `needed` rows.
  void column(const ArrowColumn& of, const ArrowArray* array, std::int64_t needed) const {
    if (array == nullptr || array->release == nullptr) broken(of, "it is missing or was released");
    counts(of, *array);
    if (array->length < needed) broken(of, fmt::format("{} rows where {} are needed", array->length, needed));
    if (of.reading == ArrowReading::nothing) return;
    buffers(of, *array);
    const auto end = array->offset + array->length;
    switch (of.reading) {
      case ArrowReading::structure:
        children(of, *array, of.children.size());
        for (std::size_t i = 0; i < of.children.size(); ++i) column(of.children[i], array->children[i], end);
        return;
      case ArrowReading::list_fixed:
        children(of, *array, 1);
        if (of.width > 0 && end > most_rows / static_cast<std::int64_t>(of.width)) broken(of, "too many rows");
        return column(of.children[0], array->children[0], end * static_cast<std::int64_t>(of.width));
      case ArrowReading::list32:
        return list(of, *array, offsets<std::int32_t>(of, *array));
      case ArrowReading::list64:
        return list(of, *array, offsets<std::int64_t>(of, *array));
      case ArrowReading::list_view32:
        return list(of, *array, view_ends<std::int32_t>(of, *array));
      case ArrowReading::list_view64:
        return list(of, *array, view_ends<std::int64_t>(of, *array));
      case ArrowReading::map:
        return entries(of, *array, offsets<std::int32_t>(of, *array));
      case ArrowReading::bytes32:
        return bytes(of, *array, offsets<std::int32_t>(of, *array));
      case ArrowReading::bytes64:
        return bytes(of, *array, offsets<std::int64_t>(of, *array));
      case ArrowReading::bytes_view:
        return views(of, *array);
      case ArrowReading::dictionary:
        if (array->dictionary == nullptr) broken(of, "its dictionary is missing");
        return column(of.children[0], array->dictionary, 0);
      default:
        return;
    }
  }

 private:
  static void counts(const ArrowColumn& of, const ArrowArray& array) {
    if (array.length < 0 || array.offset < 0 || array.length > most_rows || array.offset > most_rows) {
      broken(of, fmt::format("length {}, offset {}", array.length, array.offset));
    }
    const auto wanted = buffers_of(of.reading);
    const bool at_least = of.reading == ArrowReading::bytes_view;
    const bool any = of.reading == ArrowReading::nothing;  // some libraries set 1
    if (array.n_buffers < wanted || (array.n_buffers > wanted && !at_least && !any)) {
      broken(of, fmt::format("{} buffers", array.n_buffers));
    }
    if (array.n_buffers > 0 && array.buffers == nullptr) broken(of, "its buffers are missing");
  }

  static void buffers(const ArrowColumn& of, const ArrowArray& array) {
    if (array.buffers[0] == nullptr && array.null_count > 0) broken(of, "NULLs without a bitmap of them");
    if (array.n_buffers < 2 || array.length == 0 || array.buffers[1] != nullptr) return;
    if (of.reading == ArrowReading::bytes_fixed && of.width == 0) return;
    broken(of, "a buffer is missing");
  }

  static void children(const ArrowColumn& of, const ArrowArray& array, std::size_t count) {
    if (array.n_children != static_cast<std::int64_t>(count) || array.children == nullptr) {
      broken(of, fmt::format("{} children", array.n_children));
    }
  }

  // Returns the last offset. Throws if offsets descend.
  template <class Offset>
  static std::int64_t offsets(const ArrowColumn& of, const ArrowArray& array) {
    if (array.length == 0) return 0;
    auto before = arrow_item<Offset>(array.buffers[1], array.offset);
    if (before < 0) broken(of, fmt::format("offset {}", before));
    for (std::int64_t i = 1; i <= array.length; ++i) {
      const auto here = arrow_item<Offset>(array.buffers[1], array.offset + i);
      if (here < before) broken(of, fmt::format("offset {} after {}", here, before));
      before = here;
    }
    return before;
  }

  template <class Offset>
  static std::int64_t view_ends(const ArrowColumn& of, const ArrowArray& array) {
    if (array.length > 0 && array.buffers[2] == nullptr) broken(of, "a buffer is missing");
    std::int64_t end = 0;
    for (auto at = array.offset; at < array.offset + array.length; ++at) {
      if (arrow_is_null(array, at)) continue;
      const std::int64_t offset = arrow_item<Offset>(array.buffers[1], at);
      const std::int64_t size = arrow_item<Offset>(array.buffers[2], at);
      if (offset < 0 || size < 0 || offset > most_rows || size > most_rows) {
        broken(of, fmt::format("offset {}, size {}", offset, size));
      }
      end = std::max(end, offset + size);
    }
    return end;
  }

  void list(const ArrowColumn& of, const ArrowArray& array, std::int64_t end) const {
    children(of, array, 1);
    column(of.children[0], array.children[0], end);
  }

  // Checks a map's entries, a struct that has no ArrowColumn.
  void entries(const ArrowColumn& of, const ArrowArray& array, std::int64_t end) const {
    children(of, array, 1);
    ArrowColumn as{.reading = ArrowReading::structure, .path = of.path, .format = of.format};
    as.children = of.children;
    column(as, array.children[0], end);
  }

  static void bytes(const ArrowColumn& of, const ArrowArray& array, std::int64_t end) {
    if (array.buffers[2] == nullptr && end > 0) broken(of, "a buffer is missing");
  }

  // After the views come the variable buffers, then a buffer with their lengths.
  static void views(const ArrowColumn& of, const ArrowArray& array) {
    constexpr std::int64_t before = 2;
    const auto variable = array.n_buffers - before - 1;
    const void* lengths = array.buffers[array.n_buffers - 1];
    if (lengths == nullptr && variable > 0) broken(of, "a buffer is missing");
    for (auto at = array.offset; at < array.offset + array.length; ++at) {
      if (arrow_is_null(array, at)) continue;
      const auto view = arrow_item<ArrowView>(array.buffers[1], at);
      if (view.length < 0) broken(of, fmt::format("a value of {} bytes", view.length));
      if (view.length <= arrow_inlined_bytes) continue;
      if (view.buffer < 0 || view.buffer >= variable || view.offset < 0 ||
          array.buffers[before + view.buffer] == nullptr ||
          std::int64_t{view.offset} + view.length > arrow_item<std::int64_t>(lengths, view.buffer)) {
        broken(of, fmt::format("a value of {} bytes at {} of buffer {}", view.length, view.offset, view.buffer));
      }
    }
  }
};

}  // namespace

void check_arrow_batch(const std::vector<ArrowColumn>& columns, const ArrowArray& batch) {
  const ArrowColumn table{.reading = ArrowReading::structure, .format = "+s", .children = columns};
  LayoutCheck().column(table, &batch, 0);
  for (auto at = batch.offset; at < batch.offset + batch.length && batch.buffers[0] != nullptr; ++at) {
    if (arrow_is_null(batch, at)) broken(table, "a row that is NULL as a whole");
  }
}

}  // namespace walbrook
