//! The command line. One file a command; each is thin and says what it did in its exit code:
//! 0 done, 1 it failed, 2 wrong usage, 3 the workflow has problems, 4 the run failed, 5 a log was altered.

mod dead;
mod doctor;
mod files;
mod remote;
mod run;
mod secrets;
mod send;
mod serve;
mod simulate;
mod verify;

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, ConfigError, Sources};

/// Exit code: the workflow has problems.
const PROBLEMS: u8 = 3;
/// Exit code: the run failed.
const RUN_FAILED: u8 = 4;
/// Exit code: a log was altered.
const LOG_ALTERED: u8 = 5;

/// Workflow automation: something happens, and Masar carries out the workflow that somebody drew.
#[derive(Parser)]
#[command(
    name = "masar",
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the workflow has problems, 4 the run failed, 5 a log was altered."
)]
struct Arguments {
    /// Configuration file (default: masar.toml here or in the data folder).
    #[arg(long, global = true, env = "MASAR_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder (setting data.folder).
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Any setting: key=value, e.g. --set log.level=debug.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server.
    Serve {
        /// Address and port (setting server.listen).
        #[arg(long)]
        listen: Option<String>,
    },
    /// Check workflow files and tell all their problems.
    Check {
        /// Workflow files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a workflow file on an event, without a server, and print the log.
    Run {
        /// Workflow file.
        file: PathBuf,
        /// File with the trigger's data (or a CloudEvents envelope with `data`).
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
        /// Key of the trigger; absent takes the first.
        #[arg(long)]
        trigger: Option<String>,
        /// Print the records as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Bring workflow files into the server (idempotent) and publish them.
    Import {
        /// A file, or a folder whose workflow files are taken.
        path: PathBuf,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
        /// Keep them as drafts.
        #[arg(long)]
        draft: bool,
    },
    /// Write every workflow's draft into a folder, one file each.
    Export {
        /// The folder.
        folder: PathBuf,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Look at runs and act on them.
    #[command(subcommand)]
    Runs(remote::Runs),
    /// Send events.
    #[command(subcommand)]
    Events(remote::Events),
    /// Look at messages that could not be taken from RabbitMQ, send them again, throw them away.
    #[command(subcommand)]
    Dead(dead::Dead),
    /// Set and list credentials.
    #[command(subcommand)]
    Credentials(remote::Credentials),
    /// The key under which credentials are kept.
    #[command(subcommand)]
    Secrets(secrets::Secrets),
    /// Check the log: order, hashes, events and ends of all runs of the data folder, or of one. Needs no
    /// server.
    Verify {
        /// Run id; absent checks all.
        run: Option<String>,
    },
    /// Put the engine through crashes, lost messages and late workers, on workflows drawn from seeds.
    /// Touches nothing.
    Simulate {
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// How many, one after the other.
        #[arg(long, default_value_t = 1000, value_name = "COUNT")]
        seeds: u64,
    },
    /// Look at everything that Masar stands on and say what to do: settings, disk, store, broker, server.
    /// Changes nothing; exit code 1 where something does not work.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask a server whether it is ready for work; exit code 1 where it is not or nobody answers. For the
    /// health check of a container or a balancer.
    Ready,
    /// Print the settings in force and where each came from.
    Config {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI description of the API.
    Openapi,
    /// Print the JSON Schema of workflow files.
    Schema,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // A reader that has gone away (`masar runs list | head`) is no failure.
            if error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
            {
                return ExitCode::SUCCESS;
            }
            eprintln!(
                "{}{error:#}",
                if std::io::stderr().is_terminal() { "\x1b[31merror:\x1b[0m " } else { "error: " }
            );
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> anyhow::Result<u8> {
    match &arguments.command {
        Command::Check { files, json } => return files::check(files, *json),
        Command::Simulate { seed, seeds } => return simulate::simulate(*seed, *seeds),
        Command::Openapi => {
            print!("{}", crate::api::openapi());
            return Ok(0);
        }
        Command::Schema => {
            println!("{}", serde_json::to_string_pretty(&schemars::schema_for!(masar_engine::Workflow))?);
            return Ok(0);
        }
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Arguments::command(), "masar", &mut std::io::stdout());
            return Ok(0);
        }
        _ => {}
    }
    let config = load(&arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Serve { .. } => serve::serve(config).await,
            Command::Run { file, event, trigger, json } => {
                run::run(config, &file, event.as_deref(), trigger, json).await
            }
            Command::Import { path, dry_run, draft } => files::import(&config, &path, dry_run, draft).await,
            Command::Export { folder, dry_run } => files::export(&config, &folder, dry_run).await,
            Command::Runs(command) => remote::runs(&config, command).await,
            Command::Events(command) => remote::events(&config, command).await,
            Command::Dead(command) => dead::dead(&config, command).await,
            Command::Credentials(command) => remote::credentials(&config, command).await,
            Command::Secrets(command) => secrets::secrets(&config, command).await,
            Command::Verify { run } => verify::verify(&config, run.as_deref()).await,
            Command::Doctor { json } => doctor::doctor(&config, json).await,
            Command::Ready => remote::ready(&config).await,
            Command::Config { json } => show_config(&config, json),
            Command::Check { .. }
            | Command::Simulate { .. }
            | Command::Openapi
            | Command::Schema
            | Command::Completions { .. } => Ok(0),
        }
    })
}

fn load(arguments: &Arguments) -> anyhow::Result<Config> {
    let mut flags = Vec::new();
    for pair in &arguments.settings {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| anyhow::anyhow!("--set takes key=value, not \"{pair}\""))?;
        flags.push((key.to_owned(), value.to_owned()));
    }
    if let Some(data) = &arguments.data {
        flags.push(("data.folder".into(), data.clone()));
    }
    if let Command::Serve { listen: Some(listen) } = &arguments.command {
        flags.push(("server.listen".into(), listen.clone()));
    }
    let folder = arguments
        .data
        .clone()
        .or_else(|| std::env::var("MASAR_DATA_FOLDER").ok())
        .unwrap_or_else(|| "data".into());
    let found = match &arguments.config {
        Some(path) => Some(path.clone()),
        None => [PathBuf::from("masar.toml"), PathBuf::from(folder).join("masar.toml")]
            .into_iter()
            .find(|path| path.exists()),
    };
    let file = match found {
        Some(path) => {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| anyhow::anyhow!("{} cannot be read: {error}", path.display()))?;
            Some((path.display().to_string(), text))
        }
        None => None,
    };
    let (variables, unreadable) = variables();
    let loaded = Config::load(&Sources { file, variables, flags });
    let mut errors = unreadable;
    let loaded = loaded.map_err(|more| errors.extend(more));
    loaded.ok().filter(|_| errors.is_empty()).ok_or_else(|| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the settings are not right:\n  {}", lines.join("\n  "))
    })
}

/// The environment as text; settings in it that are no text.
fn variables() -> (Vec<(String, String)>, Vec<ConfigError>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        match value.into_string() {
            Ok(value) => found.push((name, value)),
            Err(_) if name.starts_with("MASAR_") => unreadable.push(ConfigError {
                source_name: "environment".into(),
                key: name,
                message: "its value is not valid UTF-8; set it anew, or unset it".into(),
            }),
            // Others' variables are none of ours.
            Err(_) => {}
        }
    }
    (found, unreadable)
}

fn show_config(config: &Config, json: bool) -> anyhow::Result<u8> {
    let table = config.table();
    if json {
        let settings: serde_json::Map<String, serde_json::Value> = table
            .into_iter()
            .map(|(key, value, source)| {
                (key.to_owned(), serde_json::json!({"value": value, "source": source}))
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&settings)?);
    } else {
        for (key, value, source) in table {
            println!("{key:<26} {value:<24} {source}");
        }
    }
    Ok(0)
}

/// Whether to paint.
fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
