//! Real RabbitMQ brokers for the tests: a virtual host of one that all share, or one of a test's own
//! that it may kill.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

/// A place on a broker where nobody else is.
pub(super) struct Broker {
    /// `amqp://…/vhost`.
    pub(super) url: String,
    manage: String,
    vhost: String,
    http: reqwest::Client,
    own: Option<tempfile::TempDir>,
}

fn script(name: &str, command: &str, folder: &Path) -> String {
    script_with(name, command, folder, &[])
}

fn script_with(name: &str, command: &str, folder: &Path, more: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/scripts").join(name);
    let done = Command::new("sh")
        .arg(path)
        .arg(command)
        .arg(folder)
        .args(more)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn client() -> reqwest::Client {
    masar_nodes::net::install_tls_provider();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Broker {
    /// A virtual host of the broker that nextest has started (deploy/scripts/servers.sh).
    pub(super) async fn shared() -> Self {
        let given = |name: &str| {
            std::env::var(name)
                .unwrap_or_else(|_| panic!("{name}: run with `cargo nextest run`, which starts a RabbitMQ"))
        };
        // Each test is a process of its own.
        let vhost = format!("t{}", std::process::id());
        let url = given("TEST_AMQP").replace("%2f", &vhost);
        let broker = Self { url, manage: given("TEST_AMQP_MANAGE"), vhost, http: client(), own: None };
        broker.manage("PUT", &format!("vhosts/{}", broker.vhost), None).await;
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        broker.manage("PUT", &format!("permissions/{}/guest", broker.vhost), Some(all)).await;
        broker
    }

    /// A broker that belongs to this test.
    pub(super) fn own() -> Self {
        Self::own_in(tempfile::tempdir().unwrap())
    }

    /// A broker that also listens with TLS, under a certificate of an authority that only its file
    /// `ca.pem` knows; with it the port.
    pub(super) fn own_with_tls() -> (Self, std::path::PathBuf, u16) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let openssl = |arguments: &[&str]| {
            let done = Command::new("openssl").args(arguments).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let (ca, ca_key) = (at("ca.pem"), at("ca.key"));
        let authority = ["req", "-x509", "-subj", "/CN=Masar test", "-keyout", &ca_key, "-out", &ca];
        openssl(&[&authority[..], &key].concat());
        let (cert, cert_key) = (at("cert.pem"), at("cert.key"));
        let server = [
            "req",
            "-x509",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ];
        let signed = ["-CA", &ca, "-CAkey", &ca_key, "-keyout", &cert_key, "-out", &cert];
        openssl(&[&server[..], &signed, &key].concat());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let more = format!(
            "listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {ca}\nssl_options.certfile = {cert}\nssl_options.keyfile = {cert_key}\n"
        );
        std::fs::write(at("more.conf"), more).unwrap();
        (Self::own_in(folder), ca.into(), port)
    }

    fn own_in(folder: tempfile::TempDir) -> Self {
        let url = script("rabbitmq.sh", "start", folder.path());
        let manage = std::fs::read_to_string(folder.path().join("manage")).unwrap().trim().to_owned();
        Self { url, manage, vhost: "%2f".into(), http: client(), own: Some(folder) }
    }

    /// `kill -9` of the whole broker, and a new start on what it left on the disk.
    pub(super) fn crash(&self) {
        let folder = self.own.as_ref().unwrap().path();
        let pid = std::fs::read_to_string(folder.join("pid")).unwrap();
        assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
        assert_eq!(script("rabbitmq.sh", "start", folder), self.url);
    }

    /// An orderly stop and a new start. RabbitMQ 3.10 has the names of new quorum queues on the disk only
    /// after a while; killed before that it has lost the queue. What is tested here is Masar.
    pub(super) fn restart(&self) {
        let folder = self.own.as_ref().unwrap().path();
        script("rabbitmq.sh", "stop", folder);
        assert_eq!(script("rabbitmq.sh", "start", folder), self.url);
    }

    /// `rabbitmqctl` on a broker of one's own.
    pub(super) fn ctl(&self, arguments: &[&str]) {
        script_with("rabbitmq.sh", "ctl", self.own.as_ref().unwrap().path(), arguments);
    }

    /// Asks RabbitMQ's management API.
    pub(super) async fn manage(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}/api/{path}", self.manage));
        request = match body {
            Some(body) => request.json(&body),
            None => request.header("content-type", "application/json"),
        };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }

    pub(super) fn vhost(&self) -> &str {
        &self.vhost
    }

    /// The program of somebody else.
    pub(super) fn foreign(&self, arguments: &[&str]) -> Child {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/bus/foreign.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(path).arg(&self.url).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Somebody else publishes; when this returns, the broker has confirmed all of it.
    pub(super) fn send(&self, messages: &Value) {
        let mut program = self.foreign(&["send"]);
        program.stdin.take().unwrap().write_all(messages.to_string().as_bytes()).unwrap();
        assert!(program.wait().unwrap().success());
    }

    /// Somebody else listens to events of this type.
    pub(super) fn listen(&self, exchange: &str, key: &str, count: usize) -> Listening {
        let mut program = self.foreign(&["take", exchange, key, &count.to_string()]);
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        Listening { program, lines: Box::new(lines) }
    }
}

/// Somebody else who listens.
pub(super) struct Listening {
    program: Child,
    lines: Box<dyn Iterator<Item = std::io::Result<String>> + Send>,
}

impl Listening {
    /// Everything that was to come.
    pub(super) fn heard(mut self) -> Vec<Value> {
        let heard = self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        assert!(self.program.wait().unwrap().success());
        heard
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(folder) = &self.own {
            script("rabbitmq.sh", "stop", folder.path());
        }
    }
}
