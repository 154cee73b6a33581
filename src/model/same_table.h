// Whether two objects with a schema and a name mean the same table: a name in a request, a published table, a record of
// the destination.
#pragma once

namespace walbrook {

template <class A, class B>
[[nodiscard]] bool means_same_table(const A& a, const B& b) {
  return a.name == b.name && a.schema == b.schema;
}

// A predicate for the algorithms of the standard library: true for what means the same table as `a`. Borrows `a` for
// the lifetime of the predicate.
template <class A>
[[nodiscard]] auto same_table_as(const A& a) {
  return [&a](const auto& other) { return means_same_table(a, other); };
}

}  // namespace walbrook
