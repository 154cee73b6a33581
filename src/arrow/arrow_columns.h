// Reads an Arrow schema from another library as a table's columns. Arrow formats become:
//
//   boolean b, c with arrow.bool8 · int8 c, uint8 C, int16 s → int16 · uint16 S, int32 i → int32 · uint32 I · int64 l ·
//   uint64 L · half float e, float f → float32 · double g → float64 · decimal d:P,S of 32, 64, 128, 256 bits → decimal
//   utf8 u, U, vu → utf8, with arrow.json json · binary z, Z, vz, w:N → binary, w:16 with arrow.uuid uuid
//   dates tdD, tdm → date · times tts, ttm, ttu, ttn → time · timestamps tss, tsm, tsu, tsn → timestamp, with a zone
//   timestamp_tz · durations tDs … tDn and intervals tiM, tiD, tin → interval
//   lists +l, +L, +vl, +vL, +w:N → list · struct +s → structure · map +m → map · dictionary → the type of its values
//   null n: a column without a type. It holds nothing, and becomes a column once a stream has a type for it
//
// Values of other extension types are read as their storage type, except arrow.opaque, which is refused. Runs (+r),
// unions and formats that are not listed are refused as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/physical_type.h"
#include "walbrook/arrow.h"

namespace walbrook {

// How the values are stored in the array, and what they become.
enum class ArrowReading : std::uint8_t {
  nothing,
  boolean,
  bool8,  // 0 is false, any other value true
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  float32,
  float64,
  decimal,      // of `width` bytes
  bytes32,      // with offsets of 32 bits
  bytes64,      // with offsets of 64 bits
  bytes_view,   // ArrowView
  bytes_fixed,  // of `width` bytes
  days,         // 32 bits
  date_ms,      // 64 bits, milliseconds of whole days
  time32,       // 32 bits, `unit` ticks per second
  time64,       // 64 bits, `unit` ticks per second
  timestamp,    // 64 bits, `unit` ticks per second
  duration,     // 64 bits, `unit` ticks per second
  months,       // 32 bits
  day_time,     // days and milliseconds, 32 bits each
  month_nano,   // months and days, 32 bits each; nanoseconds, 64 bits
  list32,       // with offsets of 32 bits
  list64,       // with offsets of 64 bits
  list_view32,  // with offsets and sizes of 32 bits
  list_view64,  // with offsets and sizes of 64 bits
  list_fixed,   // of `width` elements
  structure,    // one child per field
  map,          // with offsets of 32 bits
  dictionary,   // indexes of `width` bytes into the one child; see `is_signed`
};

struct ArrowColumn {
  ArrowReading reading = ArrowReading::nothing;
  std::string name{};    // of the column, or of the field
  std::string path{};    // for messages: price, address.street, tags[]
  std::string format{};  // format in the schema, for messages
  PhysicalType type{};   // type that the values become
  std::size_t width = 0;
  std::int64_t unit = 1;
  int tens = 0;  // power of ten by which a decimal's value is multiplied
  bool is_signed = true;
  std::vector<ArrowColumn> children{};  // list: element; structure: fields; map: key and value; dictionary: values
};

// Returns the columns of a record batch's schema. Borrows the schema for the call. Throws Error(configuration), which
// names the column and its Arrow format, for a type that is not supported, for a schema without columns, and for two
// columns with the same name.
[[nodiscard]] std::vector<ArrowColumn> read_arrow_schema(const ArrowSchema& schema);

}  // namespace walbrook
