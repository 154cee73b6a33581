// Named places at which a test ends the process as kill -9 would, to show that nothing is lost or doubled there.
//
// WALBROOK_FAULT=name ends it the first time that point is reached, WALBROOK_FAULT=name:3 the third time;
// WALBROOK_FAULT=name!error[:n] makes the point throw a destination Error instead, n times (default once), so that
// retries are tested. Without the variable a point costs one load and one branch.
#pragma once

#include <array>
#include <functional>
#include <string_view>

namespace walbrook::fault {

// Every point, in the order in which a run reaches them. The test suite fails when one of these is hit by no test.
inline constexpr std::array<std::string_view, 19> points = {
    "publication_made",    // it exists and is marked as walbrook's, nothing else was made
    "slot_created",        // the slot exists, the destination knows nothing of it yet
    "copy_started",        // state `copying` is durable, no row copied
    "mid_copy",            // between two batches of a table's copy
    "copy_done",           // all rows are in the destination's copy, the table not yet `streaming`
    "before_swap_in",      // inside the load that makes a copied table visible
    "before_spool",        // a part of an open transaction is about to go to the spool
    "before_prepare",      // the changes of a prepared transaction are about to be kept
    "before_discard",      // a rolled-back transaction is about to leave the spool
    "before_load",         // a batch was taken, its transaction begun
    "before_merge",        // before a table's changes go in
    "after_merge",         // after them
    "before_checkpoint",   // rows are in, the checkpoint row is not
    "after_checkpoint",    // the checkpoint row is in, nothing committed
    "before_commit",       //
    "after_commit",        // durable, not confirmed to the source
    "before_idle_commit",  // an idle position is about to become the checkpoint
    "before_confirm",      // feedback with the durable checkpoint is about to be sent
    "after_confirm",       // it was sent
};

// `name` must be one of `points`.
void hit(std::string_view name);

// Makes the next `times` hits of `name` throw an Error(destination), in the place of what WALBROOK_FAULT says; 0: none
// does. For tests of the engine's parts. REQUIRES: no other thread is at a point.
void fail_at(std::string_view name, int times);

// `hook` is called at each point from now on, and what it throws is thrown there; nullptr: none is. For the simulation.
// REQUIRES: no other thread is at a point.
void set_hook(std::function<void(std::string_view)> hook);

}  // namespace walbrook::fault
