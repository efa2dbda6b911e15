// engine: neural-network inference with the same bits on every CPU, batch size and thread count.
#pragma once

#include <engine/compare.h>
#include <engine/error.h>
#include <engine/model.h>
#include <engine/profile.h>
#include <engine/session.h>
#include <engine/tensor.h>
#include <engine/types.h>
#include <engine/version.h>
