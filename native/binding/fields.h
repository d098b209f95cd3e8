// Arguments on their way from JavaScript, checked one by one. What does not fit throws
// ArgumentError, which becomes a TypeError that names the field.
#pragma once
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "js.h"

namespace iio::binding {

class ArgumentError : public std::runtime_error {
 public:
  ArgumentError(std::string of, const std::string& what)
      : std::runtime_error(of + " " + what), field(std::move(of)) {}
  std::string field;
};

// One value and where it came from ("options.arena.blockCount").
class Field {
 public:
  Field(Napi::Value value, std::string path) : value_(value), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  Napi::Value value() const { return value_; }
  Napi::Env env() const { return value_.Env(); }
  bool isNull() const { return value_.IsNull() || value_.IsUndefined(); }

  Field operator[](const char* name) const;  // of an object
  bool has(const char* name) const;
  std::vector<Field> items(size_t most) const;  // of an array

  double number(double least, double most) const;  // finite
  double number() const;                           // finite
  int64_t integer(int64_t least, int64_t most) const;
  uint32_t index(size_t count) const;  // 0 … count - 1
  int64_t time() const;                // BigInt
  bool boolean() const;
  std::string text() const;
  std::string path(bool mayBeEmpty) const;   // text without NUL
  std::span<const std::byte> bytes() const;  // Uint8Array; valid while the value is
  // The same of a typed array of T: Float64Array, Uint8Array, BigInt64Array.
  template <class T>
  std::span<const T> column() const;
  template <class T>
  std::span<const T> column(size_t count) const {
    const auto values = column<T>();
    if (values.size() != count) refuse("must have " + std::to_string(count) + " items.");
    return values;
  }
  // Position of the text among `choices`.
  size_t choice(std::initializer_list<const char*> choices) const;

  [[noreturn]] void refuse(const std::string& what) const { throw ArgumentError(path_, what); }

 private:
  Napi::Value value_;
  std::string path_;
};

template <>
std::span<const double> Field::column<double>() const;
template <>
std::span<const uint8_t> Field::column<uint8_t>() const;
template <>
std::span<const int64_t> Field::column<int64_t>() const;

// A whole number that JavaScript holds exactly.
inline constexpr int64_t kMostExact = (int64_t{1} << 53) - 1;

}  // namespace iio::binding
