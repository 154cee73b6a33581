// Named points at which a test ends the process as kill -9 would, to show that nothing is lost or doubled there.
//
// WALBROOK_FAULT=name ends the process the first time that the point is reached, WALBROOK_FAULT=name:3 the third time.
// WALBROOK_FAULT=name!error[:n] makes the point throw Error(destination) instead, n times (default once), so that
// retries are tested. Without the variable, a point costs one load and one branch.
#pragma once

#include <array>
#include <functional>
#include <string_view>

namespace walbrook::fault {

// Every point, in the order in which a run reaches them. The test suite fails if no test hits one of them.
inline constexpr std::array<std::string_view, 19> points = {
    "publication_made",    // it exists and is marked as walbrook's; nothing else was created
    "slot_created",        // the slot exists, but the destination does not know it yet
    "copy_started",        // state `copying` is durable, no row is copied
    "mid_copy",            // between two batches of a table's copy
    "copy_done",           // all rows are in the destination's copy, but the table is not yet `streaming`
    "before_swap_in",      // inside the load that makes a copied table visible
    "before_spool",        // a part of an open transaction is about to go to the spool
    "before_prepare",      // the changes of a prepared transaction are about to be kept
    "before_discard",      // a rolled-back transaction is about to leave the spool
    "before_load",         // a batch was taken, and its transaction begun
    "before_merge",        // the changes of a table are about to be applied
    "after_merge",         // the changes of a table were applied
    "before_checkpoint",   // rows are written, the checkpoint row is not
    "after_checkpoint",    // the checkpoint row is written, nothing is committed
    "before_commit",       // everything is written, nothing is committed
    "after_commit",        // durable, but not confirmed to the source
    "before_idle_commit",  // an idle position is about to become the checkpoint
    "before_confirm",      // feedback with the durable checkpoint is about to be sent
    "after_confirm",       // it was sent
};

// Points of a destination of files, which a run into another destination does not reach.
inline constexpr std::array<std::string_view, 3> file_points = {
    "table_compacted",  // the current state of one table was written, and no manifest names it
    "before_manifest",  // everything but the manifest is written
    "after_manifest",   // the manifest is durable, but views.sql shows the batch before it
};

// Called at a point. REQUIRES: `name` is one of `points` or `file_points`.
void hit(std::string_view name);

// Makes the next `times` hits of `name` throw Error(destination), instead of what WALBROOK_FAULT sets; with 0, none
// does. For tests of the engine's parts. REQUIRES: no other thread is at a point.
void fail_at(std::string_view name, int times);

// Calls `hook` at each point from now on, and lets its exceptions pass; nullptr removes the hook. For the simulation.
// REQUIRES: no other thread is at a point.
void set_hook(std::function<void(std::string_view)> hook);

}  // namespace walbrook::fault
