// Arrow arrays as another program would create them, valid or not, in a notation that is easy to read in tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "walbrook/arrow.h"

namespace walbrook {

// One array with its schema. It owns everything that both point to. Releasing it only marks it as released.
class HandmadeArrow {
 public:
  HandmadeArrow(std::string format, std::int64_t length, std::string name = "c")
      : format_(std::move(format)), name_(std::move(name)) {
    array.length = length;
    array.release = [](ArrowArray* released) { released->release = nullptr; };
    schema.release = [](ArrowSchema* released) { released->release = nullptr; };
  }
  HandmadeArrow(const HandmadeArrow&) = delete;
  HandmadeArrow& operator=(const HandmadeArrow&) = delete;

  HandmadeArrow& missing_buffer() { return bytes(nullptr); }
  template <class T>
  HandmadeArrow& buffer(std::initializer_list<T> items) {
    return text(std::string(reinterpret_cast<const char*>(items.begin()), items.size() * sizeof(T)));
  }
  HandmadeArrow& text(std::string bytes_of) {
    kept_.push_back(std::move(bytes_of));
    return bytes(kept_.back().data());
  }
  // Lowest first: "101".
  HandmadeArrow& bits(const std::string& of) {
    std::string packed(of.size() / 8 + 1, '\0');
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (of[i] == '1') packed[i / 8] = static_cast<char>(packed[i / 8] | 1 << (i % 8));
    }
    return text(packed);
  }
  HandmadeArrow& offset(std::int64_t at) {
    array.offset = at;
    array.length -= at;
    return *this;
  }
  HandmadeArrow& child(HandmadeArrow& of) {
    of.finish();
    child_schemas_.push_back(&of.schema);
    child_arrays_.push_back(&of.array);
    return *this;
  }
  HandmadeArrow& dictionary(HandmadeArrow& of) {
    of.finish();
    schema.dictionary = &of.schema;
    array.dictionary = &of.array;
    return *this;
  }
  HandmadeArrow& extension(const std::string& extension_name) {
    const auto add = [this](std::string_view part) {
      const auto length = static_cast<std::int32_t>(part.size());
      metadata_.append(reinterpret_cast<const char*>(&length), sizeof(length)).append(part);
    };
    const std::int32_t pairs = 2;
    metadata_.assign(reinterpret_cast<const char*>(&pairs), sizeof(pairs));
    for (const std::string_view part : {"other", "thing", "ARROW:extension:name"}) add(part);
    add(extension_name);
    return *this;
  }

  // From here on, what the pointers point to must not move.
  void finish() {
    schema.format = format_.c_str();
    schema.name = name_.c_str();
    schema.metadata = metadata_.empty() ? nullptr : metadata_.data();
    schema.children = child_schemas_.data();
    schema.n_children = static_cast<std::int64_t>(child_schemas_.size());
    array.children = child_arrays_.data();
    array.n_children = static_cast<std::int64_t>(child_arrays_.size());
    array.buffers = buffers_.data();
    array.n_buffers = static_cast<std::int64_t>(buffers_.size());
  }

  ArrowSchema schema{};
  ArrowArray array{};

 private:
  HandmadeArrow& bytes(const void* at) {
    buffers_.push_back(at);
    return *this;
  }

  std::string format_, name_, metadata_;
  std::deque<std::string> kept_;
  std::vector<const void*> buffers_;
  std::vector<ArrowSchema*> child_schemas_;
  std::vector<ArrowArray*> child_arrays_;
};

}  // namespace walbrook
