// Options that several subcommands share.
#pragma once

#include "tools/inputs.h"

#include <engine/compare.h>
#include <engine/session.h>

#include <CLI/CLI.hpp>

#include <string>

namespace engine::tools {

/// MODEL, the first argument.
void add_model(CLI::App& app, std::string& model);

/// --program.
void add_program(CLI::App& app, std::string& program);

/// --device, --program, --threads, --memory, --tuning, --disable-pass.
void add_session_options(CLI::App& app, SessionOptions& options, bool with_device = true);

/// Throws Error, as a Session would, if the device does not exist or is not available here: for
/// commands that would otherwise fail once for each of many models.
void check_device(const SessionOptions& options);

/// --input, --random, --dim.
void add_input_options(CLI::App& app, InputOptions& options);

/// A whole number in [1, largest].
CLI::Validator count_up_to(Index largest);
/// A number in [low, high]; NaN is none.
CLI::Validator number_between(double low, double high);

/// --rtol, --atol.
void add_tolerance(CLI::App& app, Tolerance& tolerance);

/// What a session left out, for people: each remark once, however many sessions have it.
void print_remarks(const Session& session);

/// --json.
void add_json(CLI::App& app, bool& json);

}  // namespace engine::tools
