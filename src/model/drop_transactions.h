// Removes what subtransactions did that were rolled back: exactly their rows, truncates and altered tables, in place.
#pragma once

#include <vector>

#include "model/batch.h"

namespace walbrook {

// Removes from `operations` everything whose transaction index is true in `dropped`. MergeParts operations stay.
void drop_transactions(std::vector<Operation>& operations, const std::vector<bool>& dropped);

}  // namespace walbrook
