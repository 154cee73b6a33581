// Whether two things that have a schema and a name mean one table: a name that was asked for, a published table, a
// record of the destination.
#pragma once

namespace walbrook {

template <class A, class B>
[[nodiscard]] bool means_same_table(const A& a, const B& b) {
  return a.name == b.name && a.schema == b.schema;
}

// For the algorithms of the standard library: a predicate that is true of what means the same table as `a`, which it
// borrows.
template <class A>
[[nodiscard]] auto same_table_as(const A& a) {
  return [&a](const auto& other) { return means_same_table(a, other); };
}

}  // namespace walbrook
