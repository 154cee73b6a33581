// Rows as an Arrow stream, which walbrook::Pipeline::run takes. A program whose data are in DuckDB, Arrow, Polars or
// another such library does not need this file: these libraries export streams themselves.
#pragma once

#include <walbrook/arrow.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rows {

// A column without NULLs, in the buffers that https://arrow.apache.org/docs/format/Columnar.html describes.
struct Column {
  std::string name;
  std::string format;                 // "i": 32-bit integers, "b": booleans, "u": texts
  std::size_t length = 0;             // the number of its values
  std::vector<std::int32_t> numbers;  // of "i": the values; of "u": 0, and where each text ends
  std::string bytes;                  // of "b": a bit for each value; of "u": the texts
  std::string metadata;
};

inline Column integers(std::string name, std::vector<std::int32_t> values) {
  const auto length = values.size();
  return {std::move(name), "i", length, std::move(values), {}, {}};
}

inline Column booleans(std::string name, const std::vector<bool>& values) {
  std::string bits((values.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) bits[i / 8] = static_cast<char>(bits[i / 8] | (1 << (i % 8)));
  }
  return {std::move(name), "b", values.size(), {}, std::move(bits), {}};
}

inline Column texts(std::string name, const std::vector<std::string>& values) {
  std::vector<std::int32_t> ends = {0};
  std::string bytes;
  for (const auto& value : values) {
    bytes += value;
    ends.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  return {std::move(name), "u", values.size(), std::move(ends), std::move(bytes), {}};
}

// JSON is text whose metadata has one entry: the name of the extension type.
inline Column json(std::string name, const std::vector<std::string>& documents) {
  auto column = texts(std::move(name), documents);
  const auto append = [&column](std::int32_t number, const std::string& text) {
    column.metadata.append(reinterpret_cast<const char*>(&number), sizeof number).append(text);
  };
  append(1, "");
  for (const std::string text : {"ARROW:extension:name", "arrow.json"}) {
    append(static_cast<std::int32_t>(text.size()), text);
  }
  return column;
}

using Columns = std::shared_ptr<const std::vector<Column>>;

// What an ArrowSchema or ArrowArray and its children refer to. Each of them owns a share of it.
template <class T>
struct Exported {
  Columns columns;
  std::vector<T> children;
  std::vector<T*> pointers;                         // to the children
  std::vector<std::array<const void*, 3>> buffers;  // of the children
};

template <class T>
void release(T* exported) {
  for (std::int64_t i = 0; i < exported->n_children; ++i) {
    auto* child = exported->children[i];
    if (child->release != nullptr) child->release(child);
  }
  exported->release = nullptr;
  delete static_cast<std::shared_ptr<Exported<T>>*>(exported->private_data);
}

template <class T>
void own(T& exported, const std::shared_ptr<Exported<T>>& share) {
  exported.release = release<T>;
  exported.private_data = new std::shared_ptr<Exported<T>>(share);
}

// Returns the parent of one child for each column, which `describe` fills in.
template <class T, class Describe>
T parent_of(const Columns& columns, const Describe& describe) {
  const auto count = columns->size();
  const auto exported = std::make_shared<Exported<T>>();
  exported->columns = columns;
  exported->children.resize(count);
  exported->buffers.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& child = exported->children[i];
    describe((*columns)[i], child, exported->buffers[i]);
    own(child, exported);
    exported->pointers.push_back(&child);
  }
  T parent{};
  parent.n_children = static_cast<std::int64_t>(count);
  parent.children = exported->pointers.data();
  own(parent, exported);
  return parent;
}

inline ArrowSchema schema_of(const Columns& columns) {
  auto schema = parent_of<ArrowSchema>(columns, [](const Column& column, ArrowSchema& child, auto& /*buffers*/) {
    child.format = column.format.c_str();
    child.name = column.name.c_str();
    if (!column.metadata.empty()) child.metadata = column.metadata.data();
  });
  schema.format = "+s";
  schema.name = "";
  return schema;
}

inline ArrowArray array_of(const Columns& columns) {
  static const void* no_nulls[] = {nullptr};
  auto array = parent_of<ArrowArray>(columns, [](const Column& column, ArrowArray& child, auto& buffers) {
    child.length = static_cast<std::int64_t>(column.length);
    child.n_buffers = column.format == "u" ? 3 : 2;
    buffers[1] = column.format == "b" ? static_cast<const void*>(column.bytes.data()) : column.numbers.data();
    buffers[2] = column.bytes.data();
    child.buffers = buffers.data();
  });
  array.length = static_cast<std::int64_t>(columns->front().length);
  array.n_buffers = 1;
  array.buffers = no_nulls;
  return array;
}

// Returns a stream with one row for each value of the columns, which are equally long. Without rows it still has the
// columns. Its consumer releases it.
inline ArrowArrayStream stream(std::vector<Column> columns) {
  struct Pending {
    Columns columns;
    bool is_read;
  };
  const bool is_empty = columns.front().length == 0;
  ArrowArrayStream stream{};
  stream.private_data = new Pending{std::make_shared<const std::vector<Column>>(std::move(columns)), is_empty};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    *out = schema_of(static_cast<Pending*>(self->private_data)->columns);
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto& pending = *static_cast<Pending*>(self->private_data);
    *out = pending.is_read ? ArrowArray{} : array_of(pending.columns);
    pending.is_read = true;
    return 0;
  };
  stream.get_last_error = [](ArrowArrayStream* /*self*/) -> const char* { return nullptr; };
  stream.release = [](ArrowArrayStream* self) {
    delete static_cast<Pending*>(self->private_data);
    self->release = nullptr;
  };
  return stream;
}

}  // namespace rows
