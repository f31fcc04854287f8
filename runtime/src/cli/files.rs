//! `masar check`, `import`, `export`: workflows as files, for git.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use masar_engine::{Workflow, compile, workflow};
use masar_nodes::Catalogue;
use serde_json::{Value, json};

use super::{PROBLEMS, remote::Client};
use crate::config::Config;

pub(super) fn check(files: &[PathBuf], as_json: bool) -> anyhow::Result<u8> {
    let catalogue = Catalogue::builtin();
    let mut code = 0;
    let mut all = Vec::new();
    for file in files {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let problems: Vec<Value> = match workflow::parse(&text) {
            Err(error) => {
                vec![json!({"code": "format", "message": error.to_string(), "text": error.to_string()})]
            }
            Ok(flow) => {
                let problems = match compile(&flow, &catalogue) {
                    Ok((_, warnings)) => warnings,
                    Err(problems) => problems,
                };
                let value = |problem: &masar_engine::Problem| {
                    let mut value = serde_json::to_value(problem).unwrap_or_default();
                    if let Some(object) = value.as_object_mut() {
                        object.insert("text".into(), problem.to_string().into());
                    }
                    value
                };
                problems.iter().map(value).collect()
            }
        };
        if problems.iter().any(|problem| problem.get("severity").and_then(Value::as_str) != Some("warning")) {
            code = PROBLEMS;
        }
        if !as_json {
            match problems.as_slice() {
                [] => println!("{}: ok", file.display()),
                problems => problems.iter().for_each(|problem| {
                    println!("{}: {}", file.display(), problem["text"].as_str().unwrap_or_default())
                }),
            }
        }
        all.push(json!({"file": file.display().to_string(), "problems": problems}));
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(code)
}

/// The workflow files of a path: itself, or every `*.json` below it that is one.
fn workflow_files(path: &Path) -> anyhow::Result<Vec<(PathBuf, Workflow)>> {
    let mut found = Vec::new();
    if path.is_file() {
        let text = std::fs::read_to_string(path)?;
        found.push((path.to_owned(), workflow::parse(&text).with_context(|| path.display().to_string())?));
        return Ok(found);
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .with_context(|| format!("{} cannot be read", path.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            found.extend(workflow_files(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&entry)?;
            // Sample events lie beside the workflows; only what has nodes is one.
            let is_workflow = serde_json::from_str::<Value>(&text)
                .is_ok_and(|value| value.get("nodes").is_some() && value.get("name").is_some());
            if is_workflow {
                found.push((
                    entry.clone(),
                    workflow::parse(&text).with_context(|| entry.display().to_string())?,
                ));
            }
        }
    }
    Ok(found)
}

pub(super) async fn import(config: &Config, path: &Path, dry_run: bool, draft: bool) -> anyhow::Result<u8> {
    let client = Client::new(config)?;
    let files = workflow_files(path)?;
    anyhow::ensure!(!files.is_empty(), "{} holds no workflow files", path.display());
    let mut code = 0;
    for (file, flow) in files {
        let wanted = serde_json::to_value(&flow)?;
        let name = &flow.name;
        let (word, id) = match client.find(name).await? {
            None if dry_run => ("would be made", None),
            None => {
                let made = client.post("/api/v1/workflows", &json!({"draft": wanted})).await?;
                ("made", made["id"].as_str().map(str::to_owned))
            }
            Some(current) => {
                let id = current["id"].as_str().map(str::to_owned);
                if current["draft"] == wanted {
                    ("unchanged", id.filter(|_| current["published"].is_null()))
                } else if dry_run {
                    let diff = crate::api::differences(&current["draft"], &wanted);
                    println!("{}", serde_json::to_string_pretty(&diff)?);
                    ("would be changed", None)
                } else {
                    let revision = current["revision"].as_i64().unwrap_or_default();
                    client
                        .patch(
                            &format!("/api/v1/workflows/{}", id.clone().unwrap_or_default()),
                            revision,
                            &json!({"draft": wanted}),
                        )
                        .await?;
                    ("changed", id)
                }
            }
        };
        println!("{}: {name}: {word}", file.display());
        if let (Some(id), false, false) = (id, dry_run, draft) {
            match client.post(&format!("/api/v1/workflows/{id}/publish"), &json!({"note": "imported"})).await
            {
                Ok(version) => {
                    println!("{}: {name}: published as version {}", file.display(), version["number"])
                }
                Err(error) => {
                    eprintln!("{}: {name}: {error:#}", file.display());
                    code = PROBLEMS;
                }
            }
        }
    }
    Ok(code)
}

pub(super) async fn export(config: &Config, folder: &Path, dry_run: bool) -> anyhow::Result<u8> {
    let client = Client::new(config)?;
    let list = client.get("/api/v1/workflows").await?;
    if !dry_run {
        std::fs::create_dir_all(folder)?;
    }
    for row in list.as_array().into_iter().flatten() {
        let Some(id) = row["id"].as_str() else { continue };
        let full = client.get(&format!("/api/v1/workflows/{id}")).await?;
        let name = row["name"].as_str().unwrap_or(id);
        let safe: String =
            name.chars().map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect();
        let file = folder.join(format!("{safe}.json"));
        let mut text = serde_json::to_string_pretty(&full["draft"])?;
        text.push('\n');
        let word = match std::fs::read_to_string(&file) {
            Ok(old) if old == text => "unchanged",
            _ if dry_run => "would be written",
            _ => {
                std::fs::write(&file, &text)?;
                "written"
            }
        };
        println!("{}: {word}", file.display());
    }
    Ok(0)
}
