#include "output/disposition.h"

#include <string>

#include "base/error.h"
#include "output/append.h"
#include "output/merge.h"

namespace walbrook {

std::string_view to_string(Disposition disposition) {
  switch (disposition) {
    case Disposition::append:
      return "append";
    case Disposition::merge:
      break;
  }
  return "merge";
}

Disposition parse_disposition(std::string_view text) {
  if (text == "merge") return Disposition::merge;
  if (text == "append") return Disposition::append;
  throw Error(ErrorKind::destination, "unknown disposition \"" + std::string(text) + "\" in the destination's state",
              "The state was written by another version of walbrook or changed by hand.");
}

RowOperations row_operations(Disposition disposition, const std::vector<const RowBatch*>& batches) {
  switch (disposition) {
    case Disposition::append:
      return append_changes(batches);
    case Disposition::merge:
      break;
  }
  return merge_changes(batches);
}

}  // namespace walbrook
