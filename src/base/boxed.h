#pragma once
// A std::optional that keeps its value on the heap: as small as a pointer, whatever T is. For the
// large and rare among values that are small and many.

#include <compare>
#include <memory>
#include <optional>
#include <utility>

namespace overland::base {

template <typename T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(std::nullopt_t) {}
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(std::optional<T> value) {
    if (value) value_ = std::make_unique<T>(std::move(*value));
  }
  Boxed(const Boxed& other) {
    if (other) value_ = std::make_unique<T>(*other);
  }
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Boxed() = default;

  explicit operator bool() const { return value_ != nullptr; }
  operator std::optional<T>() const { return *this ? std::optional<T>(*value_) : std::nullopt; }
  T& operator*() { return *value_; }
  T* operator->() { return value_.get(); }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

  /// By value; nothing comes before everything, as with std::optional.
  bool operator==(const Boxed& other) const { return (*this <=> other) == 0; }
  auto operator<=>(const Boxed& other) const {
    return *this && other ? **this <=> *other : bool(*this) <=> bool(other);
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace overland::base
