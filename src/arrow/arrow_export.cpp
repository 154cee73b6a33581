#include "arrow/arrow_export.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <optional>

#include "base/error.h"

namespace walbrook {
namespace {

constexpr std::size_t arrow_alignment = 64;  // recommended by the format

struct FreeBuffer {
  void operator()(void* bytes) const { std::free(bytes); }  // NOLINT(cppcoreguidelines-no-malloc)
};
using ArrowBuffer = std::unique_ptr<void, FreeBuffer>;

// Returns a zeroed buffer, never a null pointer: some consumers treat that as an error even if there are no bytes.
ArrowBuffer new_buffer(std::size_t bytes) {
  const auto padded = (std::max<std::size_t>(bytes, 1) + arrow_alignment - 1) / arrow_alignment * arrow_alignment;
  ArrowBuffer buffer(std::aligned_alloc(arrow_alignment, padded));  // NOLINT(cppcoreguidelines-no-malloc)
  if (buffer == nullptr) throw std::bad_alloc();
  std::memset(buffer.get(), 0, padded);
  return buffer;
}

ArrowBuffer buffer_of(std::string_view bytes) {
  auto buffer = new_buffer(bytes.size());
  std::memcpy(buffer.get(), bytes.data(), bytes.size());
  return buffer;
}

// The memory that a released array frees. `*_pointers` point into `buffers` and `children`.
struct ArrayParts {
  std::vector<ArrowBuffer> buffers;
  std::vector<ArrowOwned<ArrowArray>> children;
  std::vector<const void*> buffer_pointers;
  std::vector<ArrowArray*> child_pointers;
};

void release_array(ArrowArray* array) {
  delete static_cast<ArrayParts*>(array->private_data);  // NOLINT(cppcoreguidelines-owning-memory)
  array->release = nullptr;
}

ArrowOwned<ArrowArray> make_array(std::size_t length, std::size_t nulls, std::vector<ArrowBuffer> buffers,
                                  std::vector<ArrowOwned<ArrowArray>> children) {
  auto parts = std::make_unique<ArrayParts>();
  parts->buffers = std::move(buffers);
  parts->children = std::move(children);
  for (const auto& buffer : parts->buffers) parts->buffer_pointers.push_back(buffer.get());
  for (auto& child : parts->children) parts->child_pointers.push_back(&child.raw);
  ArrowOwned<ArrowArray> out;
  out.raw.length = static_cast<std::int64_t>(length);
  out.raw.null_count = static_cast<std::int64_t>(nulls);
  out.raw.n_buffers = static_cast<std::int64_t>(parts->buffers.size());
  out.raw.n_children = static_cast<std::int64_t>(parts->children.size());
  out.raw.buffers = parts->buffer_pointers.data();
  out.raw.children = parts->child_pointers.data();
  out.raw.release = release_array;
  out.raw.private_data = parts.release();
  return out;
}

// Replaces a type that Arrow lacks with one that it has.
PhysicalType exported_type(const PhysicalType& type) {
  const auto of = [](Layout layout) { return PhysicalType{.layout = layout, .children = {}, .names = {}}; };
  switch (type.layout) {
    case Layout::bit:
      return of(Layout::utf8);
    case Layout::time_tz:
      return {.layout = Layout::structure,
              .children = {of(Layout::time), of(Layout::int32)},
              .names = {"time", "offset_seconds"}};
    case Layout::interval:
      return {.layout = Layout::structure,
              .children = {of(Layout::int32), of(Layout::int32), of(Layout::int64)},
              .names = {"months", "days", "microseconds"}};
    default:
      return type;
  }
}

std::string bit_text(std::string_view bytes) {
  std::string text;
  const auto padding = static_cast<std::size_t>(static_cast<unsigned char>(bytes.front()));
  for (std::size_t bit = padding; bit < (bytes.size() - 1) * 8; ++bit) {
    const auto byte = static_cast<unsigned char>(bytes[1 + bit / 8]);
    text += (byte >> (7 - bit % 8) & 1) != 0 ? '1' : '0';
  }
  return text;
}

void append_exported(const Column& from, std::size_t row, Column& to) {
  if (from.is_null(row)) return to.append_null();
  auto& parts = to.children();
  if (from.type().layout == Layout::bit) return to.append_bytes(bit_text(from.bytes_at(row)));
  if (from.type().layout == Layout::time_tz) {
    const auto value = from.value<TimeTz>(row);
    parts[0].append(value.microseconds);
    parts[1].append(value.offset_seconds);
  } else {
    const auto value = from.value<Interval>(row);
    parts[0].append(value.months);
    parts[1].append(value.days);
    parts[2].append(value.microseconds);
  }
  to.close_structure();
}

class ArrayExport {
 public:
  ArrayExport(const Column& column, std::size_t begin, std::size_t end)
      : column_(column), begin_(begin), end_(end), rows_(end - begin) {}

  [[nodiscard]] ArrowOwned<ArrowArray> run() {
    if (exported_type(column_.type()) != column_.type()) return converted();
    add_validity();
    switch (column_.type().layout) {
      case Layout::boolean:
        add_bits();
        break;
      case Layout::list:
        add_offsets<std::int64_t>();
        add_child(column_.children().front(), offset(begin_), offset(end_));
        break;
      case Layout::map:
        add_offsets<std::int32_t>();
        add_entries();
        break;
      case Layout::structure:
        for (const auto& child : column_.children()) add_child(child, begin_, end_);
        break;
      default:
        if (is_variable_width(column_.type().layout)) {
          add_offsets<std::int64_t>();
          add_bytes(offset(begin_), offset(end_));
        } else {
          const auto width = value_width(column_.type().layout);
          add_bytes(begin_ * width, end_ * width);
        }
    }
    return make_array(rows_, nulls_, std::move(buffers_), std::move(children_));
  }

 private:
  [[nodiscard]] std::size_t offset(std::size_t row) const { return static_cast<std::size_t>(column_.offsets()[row]); }
  [[nodiscard]] ArrowOwned<ArrowArray> converted() const {
    Column as(exported_type(column_.type()));
    for (auto row = begin_; row < end_; ++row) append_exported(column_, row, as);
    return ArrayExport(as, 0, rows_).run();
  }
  // Returns a bitmap of `is_set(row)`, lowest bit first.
  template <class IsSet>
  [[nodiscard]] ArrowBuffer bits(IsSet is_set) const {
    auto buffer = new_buffer((rows_ + 7) / 8);
    auto* bytes = static_cast<unsigned char*>(buffer.get());
    for (std::size_t i = 0; i < rows_; ++i) {
      if (is_set(begin_ + i)) bytes[i / 8] = static_cast<unsigned char>(bytes[i / 8] | 1U << (i % 8));
    }
    return buffer;
  }
  void add_validity() {
    for (auto row = begin_; row < end_ && column_.null_count() > 0; ++row) nulls_ += column_.is_null(row) ? 1 : 0;
    buffers_.push_back(nulls_ == 0 ? nullptr : bits([this](std::size_t row) { return !column_.is_null(row); }));
  }
  void add_bits() {
    buffers_.push_back(bits([this](std::size_t row) { return column_.data()[row] != 0; }));
  }
  void add_bytes(std::size_t begin, std::size_t end) {
    buffers_.push_back(buffer_of(std::string_view(column_.data()).substr(begin, end - begin)));
  }
  template <class Offset>
  void add_offsets() {
    if (offset(end_) - offset(begin_) > static_cast<std::size_t>(std::numeric_limits<Offset>::max())) {
      throw Error(ErrorKind::data, "a batch holds more than 2^31 entries of maps, which no Arrow array can hold",
                  "Request fewer rows in a batch.", {.setting = "target_batch_size"});
    }
    auto buffer = new_buffer((rows_ + 1) * sizeof(Offset));
    auto* offsets = static_cast<Offset*>(buffer.get());
    for (std::size_t i = 0; i <= rows_; ++i) offsets[i] = static_cast<Offset>(offset(begin_ + i) - offset(begin_));
    buffers_.push_back(std::move(buffer));
  }
  void add_child(const Column& child, std::size_t begin, std::size_t end) {
    children_.push_back(ArrayExport(child, begin, end).run());
  }
  // Adds a map's one child, a struct of key and value.
  void add_entries() {
    std::vector<ArrowOwned<ArrowArray>> parts;
    for (const auto& child : column_.children()) {
      parts.push_back(ArrayExport(child, offset(begin_), offset(end_)).run());
    }
    std::vector<ArrowBuffer> no_nulls(1);
    children_.push_back(make_array(offset(end_) - offset(begin_), 0, std::move(no_nulls), std::move(parts)));
  }

  const Column& column_;
  std::size_t begin_, end_, rows_;
  std::size_t nulls_ = 0;
  std::vector<ArrowBuffer> buffers_;
  std::vector<ArrowOwned<ArrowArray>> children_;
};

}  // namespace

ArrowOwned<ArrowArray> export_rows(const std::vector<ColumnSlice>& columns, std::size_t rows) {
  std::vector<ArrowOwned<ArrowArray>> children;
  children.reserve(columns.size());
  for (const auto& [column, begin] : columns) children.push_back(ArrayExport(*column, begin, begin + rows).run());
  std::vector<ArrowBuffer> no_nulls(1);
  return make_array(rows, 0, std::move(no_nulls), std::move(children));
}

// ---- schemas --------------------------------------------------------------------------------------------------------

namespace {

struct SchemaParts {
  std::string format, name, metadata;
  std::vector<ArrowOwned<ArrowSchema>> children;
  std::vector<ArrowSchema*> child_pointers;
};

void release_schema(ArrowSchema* schema) {
  delete static_cast<SchemaParts*>(schema->private_data);  // NOLINT(cppcoreguidelines-owning-memory)
  schema->release = nullptr;
}

ArrowOwned<ArrowSchema> make_schema(std::string format, const std::string& name, bool nullable,
                                    std::vector<ArrowOwned<ArrowSchema>> children, std::string metadata = {}) {
  auto parts = std::make_unique<SchemaParts>();
  parts->format = std::move(format);
  parts->name = name;
  parts->metadata = std::move(metadata);
  parts->children = std::move(children);
  for (auto& child : parts->children) parts->child_pointers.push_back(&child.raw);
  ArrowOwned<ArrowSchema> out;
  out.raw.format = parts->format.c_str();
  out.raw.name = parts->name.c_str();
  out.raw.metadata = parts->metadata.empty() ? nullptr : parts->metadata.data();
  out.raw.flags = nullable ? ARROW_FLAG_NULLABLE : 0;
  out.raw.n_children = static_cast<std::int64_t>(parts->children.size());
  out.raw.children = parts->child_pointers.data();
  out.raw.release = release_schema;
  out.raw.private_data = parts.release();
  return out;
}

std::string format_of(const PhysicalType& type) {
  switch (type.layout) {
    case Layout::boolean:
      return "b";
    case Layout::int16:
      return "s";
    case Layout::int32:
      return "i";
    case Layout::int64:
      return "l";
    case Layout::uint32:
      return "I";
    case Layout::uint64:
      return "L";
    case Layout::float32:
      return "f";
    case Layout::float64:
      return "g";
    case Layout::decimal:
      return "d:" + std::to_string(type.precision) + "," + std::to_string(type.scale);
    case Layout::utf8:
    case Layout::json:
      return "U";
    case Layout::binary:
      return "Z";
    case Layout::uuid:
      return "w:16";
    case Layout::date:
      return "tdD";
    case Layout::time:
      return "ttu";
    case Layout::timestamp:
      return "tsu:";
    case Layout::timestamp_tz:
      return "tsu:UTC";
    case Layout::list:
      return "+L";
    case Layout::structure:
      return "+s";
    case Layout::map:
      return "+m";
    case Layout::time_tz:
    case Layout::interval:
    case Layout::bit:
      break;
  }
  throw Error(ErrorKind::internal, "a type without an Arrow format: " + to_string(type));
}

// Encodes one pair of key and value: the number of pairs, then each string after its length, all int32 of this machine.
std::string extension(std::string_view name) {
  constexpr std::string_view key = "ARROW:extension:name";
  std::string out;
  const auto add_number = [&out](std::size_t number) {
    const auto as = static_cast<std::int32_t>(number);
    out.append(reinterpret_cast<const char*>(&as), sizeof(as));
  };
  add_number(1);
  add_number(key.size());
  out.append(key);
  add_number(name.size());
  out.append(name);
  return out;
}

ArrowOwned<ArrowSchema> schema_of(const PhysicalType& source, const std::string& name, bool nullable) {
  const auto type = exported_type(source);
  std::vector<ArrowOwned<ArrowSchema>> children;
  if (type.layout == Layout::list) {
    children.push_back(schema_of(type.children.front(), "item", true));
  } else if (type.layout == Layout::structure) {
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      children.push_back(schema_of(type.children[i], type.names[i], true));
    }
  } else if (type.layout == Layout::map) {
    std::vector<ArrowOwned<ArrowSchema>> parts;
    parts.push_back(schema_of(type.children[0], "key", false));
    parts.push_back(schema_of(type.children[1], "value", true));
    children.push_back(make_schema("+s", "entries", false, std::move(parts)));
  }
  std::string metadata;
  if (type.layout == Layout::json) metadata = extension("arrow.json");
  if (type.layout == Layout::uuid) metadata = extension("arrow.uuid");
  return make_schema(format_of(type), name, nullable, std::move(children), std::move(metadata));
}

// ---- a stream of one batch ------------------------------------------------------------------------------------------

struct OneBatch {
  std::vector<ArrowField> fields;
  std::optional<ArrowOwned<ArrowArray>> batch;
};

int stream_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  try {
    export_schema(static_cast<OneBatch*>(stream->private_data)->fields).move_to(out);
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

int stream_next(ArrowArrayStream* stream, ArrowArray* out) {
  auto& batch = static_cast<OneBatch*>(stream->private_data)->batch;
  *out = {};
  if (batch) batch->move_to(out);
  batch.reset();
  return 0;
}

const char* stream_error(ArrowArrayStream* /*stream*/) {
  return nullptr;  // only memory can run out here
}

void release_stream(ArrowArrayStream* stream) {
  delete static_cast<OneBatch*>(stream->private_data);  // NOLINT(cppcoreguidelines-owning-memory)
  stream->release = nullptr;
}

}  // namespace

ArrowOwned<ArrowSchema> export_schema(const std::vector<ArrowField>& fields) {
  std::vector<ArrowOwned<ArrowSchema>> children;
  children.reserve(fields.size());
  for (const auto& field : fields) children.push_back(schema_of(field.type, field.name, field.nullable));
  return make_schema("+s", "", false, std::move(children));
}

void export_stream(std::vector<ArrowField> fields, ArrowOwned<ArrowArray> batch, ArrowArrayStream* out) {
  auto one = std::make_unique<OneBatch>();
  one->fields = std::move(fields);
  one->batch = std::move(batch);
  *out = {.get_schema = stream_schema,
          .get_next = stream_next,
          .get_last_error = stream_error,
          .release = release_stream,
          .private_data = one.release()};
}

}  // namespace walbrook
