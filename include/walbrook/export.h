// The names that the shared library exports; everything else is hidden.
#pragma once

#define WALBROOK_EXPORT __attribute__((visibility("default")))
