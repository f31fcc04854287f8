//! The real binary under measurement: started in a temporary folder, watched from outside.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// A running Masar; it ends with this value.
pub(crate) struct Masar {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    folder: tempfile::TempDir,
    /// From the start of the process to its first word.
    pub(crate) started: Duration,
}

/// What the server has used so far.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    /// Processor time, seconds, over all threads.
    pub(crate) processor: f64,
    /// Bytes of the database with its log.
    pub(crate) disk: u64,
}

impl Masar {
    /// Starts it on an empty folder.
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), &[])
    }

    /// Starts it on a folder, with more settings as `key=value`.
    pub(crate) fn start_in(folder: tempfile::TempDir, settings: &[&str]) -> Self {
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_masar"));
        command.arg("--data").arg(folder.path());
        for setting in settings {
            command.args(["--set", setting]);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--set", "log.level=error"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let started = begun.elapsed();
        std::thread::spawn(move || lines.for_each(drop));
        let address = first.strip_prefix("Masar listens at http://").unwrap().to_owned();
        Self { child, address, folder, started }
    }

    /// Ends it and gives the folder back.
    pub(crate) fn stop(mut self) -> tempfile::TempDir {
        let _ = self.child.kill();
        let _ = self.child.wait();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// Resident memory, MB.
    pub(crate) fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
    }

    /// What it has used.
    pub(crate) fn usage(&self) -> Usage {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // proc_pid_stat(5): fields 14 and 15 are user and system time in ticks of 10 ms.
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks = after.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
        let disk = std::fs::read_dir(self.folder.path())
            .unwrap()
            .filter_map(|entry| entry.ok()?.metadata().ok())
            .map(|data| data.len())
            .sum();
        Usage { processor: ticks.sum::<f64>() / 100.0, disk }
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("api-token")).unwrap()
    }

    fn http() -> reqwest::Client {
        reqwest::Client::builder().no_proxy().build().unwrap()
    }

    /// GET of the API, as JSON.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = Self::http().get(format!("http://{}{path}", self.address)).bearer_auth(self.token());
        request.send().await.unwrap().json().await.unwrap()
    }

    /// POST to the API; the answer as JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let request = Self::http().post(format!("http://{}{path}", self.address)).bearer_auth(self.token());
        let answer = request.json(body).send().await.unwrap();
        let (ok, text) = (answer.status().is_success(), answer.text().await.unwrap());
        assert!(ok, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Makes a workflow live; its id.
    pub(crate) async fn publish(&self, workflow: &Value) -> String {
        let made = self.post("/api/v1/workflows", &json!({"draft": workflow})).await;
        let id = made["id"].as_str().unwrap().to_owned();
        self.post(&format!("/api/v1/workflows/{id}/publish"), &json!({})).await;
        id
    }

    /// Runs that have succeeded since it started.
    pub(crate) async fn succeeded(&self) -> u64 {
        let answer = Self::http().get(format!("http://{}/metrics", self.address)).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let line = text.lines().find(|line| line.starts_with("masar_runs_total{status=\"succeeded\"}"));
        line.and_then(|line| line.rsplit(' ').next()).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// Waits until that many runs have succeeded, or `most` has passed.
    pub(crate) async fn finish(&self, runs: u64, most: Duration) -> u64 {
        let begun = Instant::now();
        loop {
            let done = self.succeeded().await;
            if done >= runs || begun.elapsed() > most {
                return done;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Masar {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The reference workflow, changed as wanted.
pub(crate) fn workload(change: impl FnOnce(&mut Value)) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/lead-scoring/workflow.json");
    let mut workflow = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    change(&mut workflow);
    workflow
}
