//! Starts the real binary in a folder of its own, on a free port.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use serde_json::{Value, json};

/// A running server; killed with -9 when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) http: reqwest::Client,
}

pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_masar"))
}

pub(crate) fn masar(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .arg("--data")
        .arg(folder)
        .args(arguments)
        .env_remove("MASAR_URL")
        .env_remove("MASAR_TOKEN")
        .env("NO_COLOR", "1");
    // The tests that run once more with PostgreSQL: each folder has a database (see `database_of`).
    if let Ok(url) = std::fs::read_to_string(folder.join(DATABASE)) {
        command.env("MASAR_DATABASE_URL", url);
    }
    command
}

/// Changes rows behind the program's back, in whichever database belongs to the folder; how many.
pub(crate) async fn alter(folder: &Path, sql: &'static str) -> u64 {
    use sqlx::{ConnectOptions as _, Connection as _};
    if let Ok(url) = std::fs::read_to_string(folder.join(DATABASE)) {
        let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
        return sqlx::query(sql).execute(&mut conn).await.unwrap().rows_affected();
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("masar.db"));
    let mut conn = options.foreign_keys(false).connect().await.unwrap();
    let done = sqlx::query(sql).execute(&mut conn).await.unwrap().rows_affected();
    conn.close().await.unwrap();
    done
}

/// The file in a data folder that tells which PostgreSQL database belongs to it.
const DATABASE: &str = "test-database";

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), &[])
    }

    pub(crate) fn start_in(folder: Arc<tempfile::TempDir>, settings: &[&str]) -> Self {
        Self::start_with(folder, settings, &[])
    }

    /// The same with variables of the environment.
    pub(crate) fn start_with(
        folder: Arc<tempfile::TempDir>,
        settings: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = masar(
            folder.path(),
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--set",
                "http.allow_private=127.0.0.0/8",
                "--set",
                "log.level=warn",
            ],
        );
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.envs(variables.iter().copied());
        let chosen = variables.iter().any(|(name, _)| *name == "MASAR_DATABASE_URL");
        if !chosen && std::env::var("TEST_STORE").is_ok_and(|store| store == "postgres") {
            command.env("MASAR_DATABASE_URL", Self::database_of(folder.path()));
        }
        Self::spawn(command, folder)
    }

    /// The PostgreSQL database that belongs to a data folder: the same after a restart.
    pub(crate) fn database_of(folder: &Path) -> String {
        let file = folder.join(DATABASE);
        std::fs::read_to_string(&file).unwrap_or_else(|_| {
            // The tests' own runtimes cannot be waited on from here.
            let make = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(crate::postgres::database())
            };
            let url = std::thread::spawn(make).join().unwrap();
            std::fs::write(&file, &url).unwrap();
            url
        })
    }

    /// The same on a file system of its own, given as shell commands that prepare `$D`, the data folder,
    /// in a mount namespace of the server. None where this machine does not permit that.
    pub(crate) fn start_on(prepare: &str, folder: Arc<tempfile::TempDir>) -> Option<Self> {
        let mut probe = Command::new("unshare");
        probe.args(["-rm", "mount", "-t", "tmpfs", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        if !probe.status().is_ok_and(|status| status.success()) {
            println!("not shown here: this machine permits no mount namespaces");
            return None;
        }
        let script = format!("{prepare} && exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", &script, "sh"]).arg(binary()).arg("--data").arg(folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--set", "log.level=off"]).env("D", folder.path());
        Some(Self::spawn(command, folder))
    }

    /// The data folder as the server sees it.
    pub(crate) fn inside(&self) -> PathBuf {
        let path = self.folder.path().strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.child.id())).join(path)
    }

    fn spawn(mut command: Command, folder: Arc<tempfile::TempDir>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the server says where it listens").unwrap();
        let base = first.strip_prefix("Masar listens at ").unwrap().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        masar_nodes::net::install_tls_provider();
        Self { child, base, folder, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// `kill -9`, as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by name, as an operator or a supervisor would.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it has ended by itself; its exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(self.inside().join("api-token")).unwrap()
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .bearer_auth(self.token());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Makes and publishes a workflow.
    pub(crate) async fn publish(&self, workflow: Value) -> String {
        let (status, made) = self.call("POST", "/api/v1/workflows", Some(json!({"draft": workflow}))).await;
        assert_eq!(status, 201, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        let (status, published) =
            self.call("POST", &format!("/api/v1/workflows/{id}/publish"), Some(json!({}))).await;
        assert_eq!(status, 201, "{published}");
        id
    }

    /// Looks again until the question has this answer; the test's own time limit is the bound.
    pub(crate) async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let answer = self.get(path).await;
            if holds(&answer) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A workflow of nodes `(key, type, parameters)` in a line, each behind the one before.
pub(crate) fn line(name: &str, nodes: &[(&str, &str, Value)]) -> Value {
    let made: Vec<Value> = nodes
        .iter()
        .map(|(key, kind, parameters)| json!({"id": key, "key": key, "type": kind, "parameters": parameters}))
        .collect();
    let edges: Vec<Value> = nodes.windows(2).map(|pair| json!({"id": format!("{}-{}", pair[0].0, pair[1].0), "source": pair[0].0, "target": pair[1].0})).collect();
    json!({"format": 1, "name": name, "nodes": made, "edges": edges})
}
