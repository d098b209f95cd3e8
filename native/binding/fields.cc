#include "fields.h"

#include <cmath>

namespace iio::binding {
namespace {

std::string shown(double value) {
  if (value == std::floor(value) && std::fabs(value) < 1e15) return std::to_string(int64_t(value));
  return std::to_string(value);
}

}  // namespace

Field Field::operator[](const char* name) const {
  if (!value_.IsObject()) refuse("must be an object.");
  return {value_.As<Napi::Object>().Get(name), path_ + "." + name};
}

bool Field::has(const char* name) const {
  return value_.IsObject() && !value_.As<Napi::Object>().Get(name).IsUndefined();
}

std::vector<Field> Field::items(size_t most) const {
  if (!value_.IsArray()) refuse("must be an array.");
  const auto array = value_.As<Napi::Array>();
  const uint32_t length = array.Length();
  if (length > most) refuse("must have at most " + std::to_string(most) + " items.");
  std::vector<Field> out;
  for (uint32_t i = 0; i < length; ++i)
    out.emplace_back(array.Get(i), path_ + "[" + std::to_string(i) + "]");
  return out;
}

double Field::number() const {
  if (!value_.IsNumber()) refuse("must be a number.");
  const double number = value_.As<Napi::Number>().DoubleValue();
  if (!std::isfinite(number)) refuse("must be a finite number.");
  return number;
}

double Field::number(double least, double most) const {
  const double value = number();
  if (value < least || value > most)
    refuse("must be from " + shown(least) + " to " + shown(most) + "; it is " + shown(value) + ".");
  return value;
}

int64_t Field::integer(int64_t least, int64_t most) const {
  const double value = number(double(least), double(most));
  if (value != std::floor(value)) refuse("must be a whole number; it is " + shown(value) + ".");
  return int64_t(value);
}

uint32_t Field::index(size_t count) const {
  if (count == 0) refuse("names an element, but there are none.");
  return uint32_t(integer(0, int64_t(count) - 1));
}

int64_t Field::time() const {
  if (!value_.IsBigInt()) refuse("must be a BigInt of nanoseconds.");
  bool lossless = false;
  const int64_t time = value_.As<Napi::BigInt>().Int64Value(&lossless);
  if (!lossless) refuse("must fit 64 bits.");
  return time;
}

bool Field::boolean() const {
  if (!value_.IsBoolean()) refuse("must be true or false.");
  return value_.As<Napi::Boolean>().Value();
}

std::string Field::text() const {
  if (!value_.IsString()) refuse("must be text.");
  return value_.As<Napi::String>().Utf8Value();
}

std::string Field::path(bool mayBeEmpty) const {
  std::string text = this->text();
  if (text.empty() && !mayBeEmpty) refuse("must not be empty.");
  if (text.find('\0') != std::string::npos) refuse("must not contain a NUL.");
  return text;
}

std::span<const std::byte> Field::bytes() const { return std::as_bytes(column<uint8_t>()); }

template <class T>
std::span<const T> typedArray(const Field& field, napi_typedarray_type type, const char* name) {
  const Napi::Value value = field.value();
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type)
    field.refuse(std::string("must be a ") + name + ".");
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  return {array.Data(), array.ElementLength()};
}

template <>
std::span<const double> Field::column<double>() const {
  return typedArray<double>(*this, napi_float64_array, "Float64Array");
}

template <>
std::span<const uint8_t> Field::column<uint8_t>() const {
  return typedArray<uint8_t>(*this, napi_uint8_array, "Uint8Array");
}

template <>
std::span<const int64_t> Field::column<int64_t>() const {
  return typedArray<int64_t>(*this, napi_bigint64_array, "BigInt64Array");
}

size_t Field::choice(std::initializer_list<const char*> choices) const {
  const std::string given = text();
  std::string list;
  size_t position = 0;
  for (const char* name : choices) {
    if (given == name) return position;
    list += (position++ ? ", " : "") + std::string(name);
  }
  refuse("must be one of " + list + "; it is \"" + given.substr(0, 40) + "\".");
}

}  // namespace iio::binding
