//! `masar dead`: the dead letters of a running server.

use clap::Subcommand;
use serde_json::Value;

use super::remote::Client;
use crate::config::Config;

/// Works on dead letters.
#[derive(Subcommand)]
pub(super) enum Dead {
    /// The dead letters by cause; with --code, those of one cause.
    List {
        /// Code of the reason, e.g. bus.not_an_event.
        #[arg(long)]
        code: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One dead letter with its body.
    Show {
        /// Its number.
        id: i64,
    },
    /// Send one again, or all of one cause.
    Resend {
        #[command(flatten)]
        which: Which,
    },
    /// Throw one away, or all of one cause.
    Delete {
        #[command(flatten)]
        which: Which,
    },
}

/// One, or all of a cause.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// Its number.
    id: Option<i64>,
    /// All with this code.
    #[arg(long)]
    code: Option<String>,
}

pub(super) async fn dead(config: &Config, command: Dead) -> anyhow::Result<u8> {
    let client = Client::new(config)?;
    match command {
        Dead::List { code, limit, json } => list(&client, code.as_deref(), limit, json).await,
        Dead::Show { id } => {
            let letter = client.get(&format!("/api/v1/dead-letters/{id}")).await?;
            println!("{}", serde_json::to_string_pretty(&letter)?);
            Ok(0)
        }
        Dead::Resend { which: Which { id: Some(id), .. } } => {
            let sent = client.post(&format!("/api/v1/dead-letters/{id}/resend"), &Value::Null).await?;
            println!("{}", serde_json::to_string_pretty(&sent)?);
            Ok(0)
        }
        Dead::Delete { which: Which { id: Some(id), .. } } => {
            client.delete(&format!("/api/v1/dead-letters/{id}")).await?;
            println!("{id}: deleted");
            Ok(0)
        }
        Dead::Resend { which } => {
            let (mut sent, mut refused, mut after) = (0, 0, 0);
            loop {
                let path = format!("/api/v1/dead-letters/resend?{}&after={after}", query(&which));
                let answer = client.post(&path, &Value::Null).await?;
                sent += answer["sent"].as_u64().unwrap_or_default();
                for letter in answer["refused"].as_array().into_iter().flatten() {
                    refused += 1;
                    println!("{}: {}", letter["id"], letter["reason"].as_str().unwrap_or_default());
                }
                let Some(next) = answer["next"].as_i64() else { break };
                after = next;
            }
            println!("{sent} sent, {refused} refused");
            Ok(u8::from(refused > 0))
        }
        Dead::Delete { which } => {
            let (mut deleted, mut after) = (0, 0);
            loop {
                let answer =
                    client.delete(&format!("/api/v1/dead-letters?{}&after={after}", query(&which))).await?;
                deleted += answer["deleted"].as_u64().unwrap_or_default();
                let Some(next) = answer["next"].as_i64() else { break };
                after = next;
            }
            println!("{deleted} deleted");
            Ok(0)
        }
    }
}

fn query(which: &Which) -> String {
    let code = which.code.as_deref().unwrap_or_default();
    form_urlencoded::Serializer::new(String::new()).append_pair("code", code).finish()
}

async fn list(client: &Client, code: Option<&str>, limit: u32, json: bool) -> anyhow::Result<u8> {
    let Some(code) = code else {
        let causes = client.get("/api/v1/dead-letters/causes").await?;
        if json {
            println!("{}", serde_json::to_string_pretty(&causes)?);
            return Ok(0);
        }
        for cause in causes.as_array().into_iter().flatten() {
            let text = |name: &str| cause[name].as_str().unwrap_or("-").to_owned();
            println!("{:>7}  {:<22} {:<28} {}", cause["count"], text("code"), text("key"), text("reason"));
            println!("{:>7}  → {}", "", text("mend"));
        }
        return Ok(0);
    };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("code", code).finish();
    let page = client.get(&format!("/api/v1/dead-letters?{query}&limit={limit}")).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&page)?);
        return Ok(0);
    }
    for letter in page["items"].as_array().into_iter().flatten() {
        let text = |name: &str| letter[name].as_str().unwrap_or("-").to_owned();
        println!(
            "{:>7}  {:<28} {:<28} {:>9} B  {}",
            letter["id"],
            text("at"),
            text("key"),
            letter["size"],
            text("reason")
        );
    }
    Ok(0)
}
