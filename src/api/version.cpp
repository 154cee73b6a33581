#include "walbrook/version.h"

namespace walbrook {

std::string_view version() {
  return WALBROOK_VERSION;
}

}  // namespace walbrook
