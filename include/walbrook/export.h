// What the shared library shows; everything else is hidden.
#pragma once

#define WALBROOK_EXPORT __attribute__((visibility("default")))
