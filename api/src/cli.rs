//! From the command line to the command.

use std::num::IntErrorKind;
use std::path::Path;
use std::process::ExitCode;

use clap::error::ContextKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::program::failure::Failure;
use crate::program::one_shots::OneShot;
use crate::program::settings::{Bench, Command, Format, Settings};
use crate::program::tenant_shots::TenantShot;
use crate::program::{admin, gateway, replay, serve, telemetry, verify};
use crate::state::{log_lines, panics};

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let settings = match read_settings() {
        Ok(settings) => settings,
        Err(err) => err.exit(),
    };
    let started = telemetry::start(&settings.common);
    panics::install();
    // Whatever file is made, by whichever library: nobody else may read it.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let code = match started.and_then(|()| run_command(settings)) {
        Ok(code) => code,
        // `chancery replay | head`: the reader has closed the pipe.
        Err(err) if is_broken_pipe(&err) => ExitCode::SUCCESS,
        Err(err) => {
            log_lines::say(&format!("chancery: {err}"));
            ExitCode::FAILURE
        }
    };
    log_lines::finish();
    code
}

fn is_broken_pipe(err: &Failure) -> bool {
    let io = err.downcast_ref::<std::io::Error>();
    io.is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run_command(settings: Settings) -> Result<ExitCode, Failure> {
    let common = settings.common;
    match settings.command {
        Command::Serve(options) => serve::run(&common, &options).map(|()| ExitCode::SUCCESS),
        Command::Replay(options) => replay::run(&common, &options),
        Command::Verify(options) => verify::run(&common, &options),
        Command::Bench { what: Bench::Log { format } } => {
            crate::bench::run(format == Format::Json)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys { what } => admin::run(&common, OneShot::Keys(what.into())),
        Command::User { what } => admin::run(&common, OneShot::user(what)?),
        Command::Tenant { what } => admin::run(&common, OneShot::Tenant(TenantShot::of(what))),
        Command::Workers { what } => admin::run(&common, OneShot::Workers(what.into())),
        Command::Client { what } => admin::run(&common, OneShot::Client(what.into())),
        Command::AppToken { what } => admin::run(&common, OneShot::app_token(what)?),
        Command::Gateway { what } => gateway::run(what).map(|()| ExitCode::SUCCESS),
        Command::Backup { to } => {
            admin::run(&common, OneShot::Backup { to: std::path::absolute(to)? })
        }
    }
}

/// Reads the command line, with the defaults that the TOML file sets.
fn read_settings() -> Result<Settings, clap::Error> {
    let mut command = Settings::command();
    if let Some(file) = config_file() {
        let wrong = |command: &mut clap::Command, why: String| {
            command.error(clap::error::ErrorKind::InvalidValue, why)
        };
        let text = std::fs::read_to_string(&file)
            .map_err(|err| wrong(&mut command, format!("{}: {err}", Path::new(&file).display())))?;
        let table = text
            .parse::<toml::Table>()
            .map_err(|err| wrong(&mut command, format!("{}: {err}", Path::new(&file).display())))?;
        for (name, value) in flatten(table) {
            let name = name.replace('_', "-");
            let value = match value {
                toml::Value::Array(values) if takes_list(&command, &name) => {
                    let texts = values.iter().map(text_of).collect::<Option<Vec<_>>>();
                    texts.map(|it| it.join(","))
                }
                value => text_of(&value),
            };
            let Some(value) = value else {
                let why = format!("{name}: must be a text, a number, true or false");
                return Err(wrong(&mut command, why));
            };
            if !set_default(&mut command, &name, &value) {
                let why = format!("{name}: no option has this name; see chancery --help");
                return Err(wrong(&mut command, why));
            }
        }
    }
    unset_empty_variables(&mut command);
    let matches = command.clone().try_get_matches().map_err(|err| in_words(&mut command, err))?;
    Settings::from_arg_matches(&matches)
}

/// A plain value as text.
fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Whether an option takes several values with commas between.
fn takes_list(command: &clap::Command, name: &str) -> bool {
    let is_list = |it: &clap::Arg| {
        let named_so = it.get_value_names().is_some_and(|it| it.iter().any(|it| *it == "LIST"));
        it.get_long() == Some(name) && (named_so || it.get_value_delimiter().is_some())
    };
    command.get_arguments().any(is_list) || command.get_subcommands().any(|it| takes_list(it, name))
}

/// What the standard library says of a text that is no number, in words for whoever typed it.
fn in_words(command: &mut clap::Command, err: clap::Error) -> clap::Error {
    let why = std::error::Error::source(&err)
        .and_then(|it| it.downcast_ref::<std::num::ParseIntError>())
        .map(|it| match it.kind() {
            IntErrorKind::PosOverflow => "is too large",
            IntErrorKind::NegOverflow => "is too small",
            _ => "must be a whole number",
        });
    let text = |kind| err.get(kind).map(ToString::to_string).unwrap_or_default();
    match why {
        Some(why) => {
            let (value, option) = (text(ContextKind::InvalidValue), text(ContextKind::InvalidArg));
            let said = format!("{value:?} for {option}: {why}");
            command.error(clap::error::ErrorKind::ValueValidation, said)
        }
        None => err,
    }
}

/// `admin_mode` in the table `app_token` is the option `app_token_admin_mode`.
fn flatten(table: toml::Table) -> Vec<(String, toml::Value)> {
    let mut options = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => {
                options
                    .extend(inner.into_iter().map(|(inner, it)| (format!("{name}_{inner}"), it)));
            }
            value => options.push((name, value)),
        }
    }
    options
}

/// The file must be known before the rest can be read.
fn config_file() -> Option<String> {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            return arguments.next();
        }
        if let Some(file) = argument.strip_prefix("--config=") {
            return Some(file.to_owned());
        }
    }
    std::env::var("CHANCERY_CONFIG").ok().filter(|it| !it.is_empty())
}

/// A variable that is empty counts as one that is not set: composed files and manifests often leave
/// them so.
fn unset_empty_variables(command: &mut clap::Command) {
    let is_empty = |it: &clap::Arg| {
        let name = it.get_env()?;
        std::env::var_os(name).is_some_and(|it| it.is_empty()).then(|| it.get_id().clone())
    };
    for id in command.get_arguments().filter_map(is_empty).collect::<Vec<_>>() {
        *command = std::mem::take(command).mut_arg(id, |it| it.env(None::<&str>));
    }
    command.get_subcommands_mut().for_each(unset_empty_variables);
}

/// Sets the default of an option, wherever it is. The command line and the environment win.
fn set_default(command: &mut clap::Command, name: &str, value: &str) -> bool {
    let mut found = false;
    let has = |it: &clap::Command| {
        let arg = it.get_arguments().find(|it| it.get_long() == Some(name));
        arg.map(|it| it.get_id().clone())
    };
    if let Some(id) = has(command) {
        let value = value.to_owned();
        *command = std::mem::take(command).mut_arg(id, |it| it.default_value(value));
        found = true;
    }
    for subcommand in command.get_subcommands_mut() {
        found |= set_default(subcommand, name, value);
    }
    found
}
