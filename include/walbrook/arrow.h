// The three structures of the Arrow C data interface and C stream interface, as in their specification
// (https://arrow.apache.org/docs/format/CDataInterface.html). The guards are the standard ones, so that the structures
// are defined once even if another library's header also has them, whichever is included first.
#pragma once

#include <stdint.h>  // NOLINT(modernize-deprecated-headers): C programs may include this

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);  // NULL: released
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);  // NULL: released
  void* private_data;
};

#ifdef __cplusplus
}
#endif
#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowArrayStream {
  // get_schema and get_next return 0 or an errno code; after an error, get_last_error returns a message or NULL. At the
  // end of the stream, get_next sets `out->release` to NULL.
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);  // NULL: released
  void* private_data;
};

#ifdef __cplusplus
}
#endif
#endif  // ARROW_C_STREAM_INTERFACE
