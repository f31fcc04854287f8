//! Whether everything that Masar stands on is right: settings, folder and disk, store, broker, the
//! server itself; each finding with what to do. Changes nothing. Called by `masar doctor`.

mod broker;
mod store;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use masar_engine::Timestamp;
use serde::Serialize;

use crate::config::Config;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Good,
    /// It works; somebody should look at it.
    Warning,
    /// It does not work.
    Bad,
}

/// What was looked at, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `settings`, `folder`, `disk`, `store`, `clock`, `outbox`, `dead letters`,
    /// `broker`, `queue`, `server`.
    pub about: &'static str,
    /// How bad it is.
    pub grade: Grade,
    /// What was seen.
    pub seen: String,
    /// What to do about it; empty where there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mend: String,
}

impl Finding {
    fn good(about: &'static str, seen: impl Into<String>) -> Self {
        Self { about, grade: Grade::Good, seen: seen.into(), mend: String::new() }
    }

    fn warning(about: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about, grade: Grade::Warning, seen: seen.into(), mend: mend.into() }
    }

    fn bad(about: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about, grade: Grade::Bad, seen: seen.into(), mend: mend.into() }
    }
}

/// Less free space than this is told, bytes; below the second nothing works for long.
const SPACE: (u64, u64) = (2 << 30, 256 << 20);
/// The server answers its health within this, or something is wrong with it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at everything, in the order in which one thing stands on the other.
pub async fn examine(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut found = vec![settings(config)];
    let folder = &config.data.folder;
    found.extend(data_folder(folder));
    found.extend(disk(folder));
    found.extend(store::examine(config, now).await);
    found.extend(broker::examine(config).await);
    found.push(server(config).await);
    found
}

fn settings(config: &Config) -> Finding {
    let set = config.origins.values().filter(|origin| origin.source != "default").count();
    Finding::good("settings", format!("they make sense; {set} differ from the defaults (masar config)"))
}

fn data_folder(folder: &Path) -> Option<Finding> {
    let place = folder.display();
    let found = match fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some(Finding::warning(
                "folder",
                format!("{place} is not there yet"),
                "The first `masar serve` makes it; name another with --data",
            ));
        }
        Err(error) => {
            return Some(Finding::bad(
                "folder",
                format!("{place} cannot be looked at: {error}"),
                "Run this as the user of the server, or correct the owner of the folder",
            ));
        }
        Ok(found) => found,
    };
    // The master key and the token are in there.
    let open = found.permissions().mode() & 0o077;
    Some(if open == 0 {
        Finding::good("folder", format!("{place} belongs to its owner alone"))
    } else {
        Finding::warning(
            "folder",
            format!("others of this machine can look into {place}, where the keys are"),
            format!("chmod 700 {place}"),
        )
    })
}

fn disk(folder: &Path) -> Option<Finding> {
    let space = rustix::fs::statvfs(folder).ok()?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let seen = format!("{} free at {}", size(free), folder.display());
    let mend = "Make space, or move the data folder to a larger disk; retention.days bounds what is kept";
    Some(match free {
        free if free < SPACE.1 => Finding::bad("disk", seen, mend),
        free if free < SPACE.0 => Finding::warning("disk", seen, mend),
        _ => Finding::good("disk", seen),
    })
}

async fn server(config: &Config) -> Finding {
    let base = std::env::var("MASAR_URL").unwrap_or_else(|_| format!("http://{}", config.server.listen));
    masar_nodes::net::install_tls_provider();
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
    let answer = match client {
        Ok(client) => client.get(format!("{base}/ready")).send().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) if answer.status().is_success() => Finding::good("server", format!("ready at {base}")),
        Ok(answer) => {
            let said = answer.text().await.unwrap_or_default();
            Finding::bad("server", format!("at {base}, not ready: {said}"), "See what it says, and its log")
        }
        Err(_) => Finding::warning(
            "server",
            format!("none answers at {base}"),
            "Start it with `masar serve`; one at another address: MASAR_URL",
        ),
    }
}

/// A number of bytes as people read it.
fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} B"),
    }
}
