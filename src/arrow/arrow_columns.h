// What an Arrow schema of somebody else's says about a table's columns.
//
//   boolean b, c with arrow.bool8 · int8 c, uint8 C, int16 s → int16 · uint16 S, int32 i → int32 · uint32 I · int64 l ·
//   uint64 L half float e, float f → float32 · double g → float64 · decimal d:P,S of 32, 64, 128, 256 bits → decimal
//   utf8 u, U, vu → utf8, with arrow.json json · binary z, Z, vz, w:N → binary, w:16 with arrow.uuid uuid
//   dates tdD, tdm → date · times tts, ttm, ttu, ttn → time · timestamps tss, tsm, tsu, tsn → timestamp, with a zone
//   timestamp_tz · durations tDs … tDn and intervals tiM, tiD, tin → interval
//   lists +l, +L, +vl, +vL, +w:N → list · struct +s → structure · map +m → map · a dictionary as what its values are
//   null n: a column without a type; it holds nothing, and becomes one once a stream tells its type
//
// Other extension types are taken as what they are stored as, but for arrow.opaque, which is refused. So are runs (+r),
// unions and what else stands not here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/physical_type.h"
#include "walbrook/arrow.h"

namespace walbrook {

// How a value lies in the array, and what is made of it.
enum class ArrowReading : std::uint8_t {
  nothing,
  boolean,
  bool8,  // 0 is false
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
  decimal,      // `width` bytes
  bytes32,      // offsets of 32 bits
  bytes64,      //
  bytes_view,   //
  bytes_fixed,  // `width` bytes
  days,         //
  date_ms,      //
  time32,       // `unit` ticks a second
  time64,       //
  timestamp,    //
  duration,     //
  months,       //
  day_time,     //
  month_nano,   // months, days, nanoseconds
  list32,       //
  list64,       //
  list_view32,  // offsets and sizes
  list_view64,  //
  list_fixed,   // of `width` elements
  structure,    //
  map,          //
  dictionary,   // indexes of `width` bytes into the one child; `is_signed`
};

struct ArrowColumn {
  ArrowReading reading = ArrowReading::nothing;
  std::string name{};    // of the column, or of the field
  std::string path{};    // for messages: price, address.street, tags[]
  std::string format{};  // as the schema has it
  PhysicalType type{};   // what the values become
  std::size_t width = 0;
  std::int64_t unit = 1;
  int tens = 0;  // a decimal's value is multiplied by 10 so many times
  bool is_signed = true;
  std::vector<ArrowColumn>
      children{};  // list: its element; structure: its fields; map: key and value; dictionary: values
};

// The columns of a record batch's schema. Error(configuration) names the column and its Arrow format: a type that is
// not taken, no column at all, two of one name. Borrows the schema for the call.
[[nodiscard]] std::vector<ArrowColumn> read_arrow_schema(const ArrowSchema& schema);

}  // namespace walbrook
