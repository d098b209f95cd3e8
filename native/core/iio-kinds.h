// The two transports over a given table of system calls, for makeDmabufTransport, makeReadTransport
// and their tests.
#pragma once
#include "iio-sys.h"
#include "iio-transport.h"

namespace iio {

std::unique_ptr<Transport> makeDmabufTransport(IioSourceSpec spec, Sys& sys);
std::unique_ptr<Transport> makeReadTransport(IioSourceSpec spec, Sys& sys);

}  // namespace iio
