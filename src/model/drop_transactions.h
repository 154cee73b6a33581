// Takes out what rolled-back subtransactions did: exactly their rows and truncates, in place.
#pragma once

#include <vector>

#include "model/load_package.h"

namespace walbrook {

// Steps without everything whose transaction index is true in `dropped`. MergeStaged steps stay.
void drop_transactions(std::vector<Step>& steps, const std::vector<bool>& dropped);

}  // namespace walbrook
