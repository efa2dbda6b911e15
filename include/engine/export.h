// Symbol visibility: everything is hidden except what carries ENGINE_API.
#pragma once

#define ENGINE_API __attribute__((visibility("default")))
