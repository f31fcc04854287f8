//! `masar doctor`.

use super::colours;
use crate::{
    clock::Clock,
    config::Config,
    doctor::{self, Grade},
};

pub(super) async fn doctor(config: &Config, json: bool) -> anyhow::Result<u8> {
    let found = doctor::examine(config, Clock::system().now()).await;
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        for finding in &found {
            let (word, paint) = match finding.grade {
                Grade::Good => ("good", "\x1b[32m"),
                Grade::Warning => ("look", "\x1b[33m"),
                Grade::Bad => ("BAD", "\x1b[31m"),
            };
            let (begin, end) = if colours() { (paint, "\x1b[0m") } else { ("", "") };
            println!("{begin}{word:<4}{end}  {:<13} {}", finding.about, finding.seen);
            if !finding.mend.is_empty() {
                println!("      {:<13} → {}", "", finding.mend);
            }
        }
    }
    Ok(u8::from(found.iter().any(|finding| finding.grade == Grade::Bad)))
}
