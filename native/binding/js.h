// The only place that includes N-API. Version and flags come from native/Makefile; they are checked
// here so that a build by other means can't differ in silence.
#pragma once
#if !defined(NAPI_VERSION) || NAPI_VERSION != 9
#error "Build with native/Makefile: NAPI_VERSION is 9"
#endif
#if !defined(NODE_ADDON_API_CPP_EXCEPTIONS)
#error "Build with native/Makefile: errors of the addon are C++ exceptions"
#endif
// V8's memory cage in Electron refuses memory that is not its own: nothing here may try.
#if !defined(NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED)
#error "Build with native/Makefile: external buffers are not allowed"
#endif

#include <napi.h>
