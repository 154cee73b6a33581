// The cases of a std::visit as one function object: std::visit(Overloaded{[](A) {}, [](B) {}}, message).
#pragma once

namespace walbrook {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace walbrook
