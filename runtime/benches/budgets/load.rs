//! The load generator: plain sockets, so that it takes as little of the machine as it can.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// The lead of the reference workload.
pub(crate) const LEAD: &str = r#"{"name":"Abdullah Al Otaibi","phone":"+966501234567","city":"Jeddah","budget":75000,"source":"web","message":"I want a three bedroom flat near the sea, ready this year"}"#;

/// What came of a load.
#[derive(Default)]
pub(crate) struct Load {
    /// Answers with 200 or 202.
    pub(crate) done: u64,
    /// Answers with 429.
    pub(crate) refused: u64,
    seconds: f64,
    micros: Vec<u32>,
}

impl Load {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.seconds
    }

    /// Latency of what was accepted, ms.
    pub(crate) fn percentile(&self, part: f64) -> f64 {
        let place = ((self.micros.len() as f64 * part) as usize).min(self.micros.len().saturating_sub(1));
        self.micros.get(place).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
    }

    async fn of(mut tasks: JoinSet<Self>, begun: Instant) -> Self {
        let mut total = Self::default();
        while let Some(part) = tasks.join_next().await {
            let part = part.unwrap();
            total.done += part.done;
            total.refused += part.refused;
            total.micros.extend(part.micros);
        }
        total.seconds = begun.elapsed().as_secs_f64();
        total.micros.sort_unstable();
        total
    }

    fn take(&mut self, status: u16, since: Instant, answer: &[u8]) {
        match status {
            200 | 202 => {
                self.done += 1;
                self.micros.push(u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            429 => self.refused += 1,
            status => panic!("{status}: {}", String::from_utf8_lossy(answer)),
        }
    }
}

/// One kept connection.
struct Line {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Line {
    async fn open(address: &str, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{LEAD}",
            LEAD.len()
        );
        Self { stream, request: request.into_bytes(), buffer: Vec::new() }
    }

    /// One request and its answer; the status.
    async fn exchange(&mut self) -> u16 {
        self.stream.write_all(&self.request).await.unwrap();
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            let Some(head) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
            let length: usize = text
                .lines()
                .find(|line| {
                    line.len() > 15 && line.as_bytes()[..15].eq_ignore_ascii_case(b"content-length:")
                })
                .and_then(|line| line[15..].trim().parse().ok())
                .unwrap_or(0);
            if self.buffer.len() >= head + 4 + length {
                return text.get(9..12).and_then(|text| text.parse().ok()).unwrap_or(0);
            }
        }
    }
}

/// Closed loop: each connection sends the next request when the last is answered.
pub(crate) async fn closed(address: &str, path: &str, connections: usize, seconds: u64) -> Load {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let mut line = Line::open(address, path).await;
        tasks.spawn(async move {
            let mut load = Load::default();
            while Instant::now() < until {
                let sent = Instant::now();
                let status = line.exchange().await;
                load.take(status, sent, &line.buffer);
                if status == 429 {
                    // As Retry-After says.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            load
        });
    }
    Load::of(tasks, begun).await
}

/// Open loop: requests are due at a fixed rate, and latency counts from the moment when one was due.
pub(crate) async fn paced(address: &str, path: &str, connections: u32, a_second: u32, seconds: u64) -> Load {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let pause = Duration::from_secs(1) * connections / a_second;
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let mut line = Line::open(address, path).await;
        let mut due = begun + pause * number / connections;
        tasks.spawn(async move {
            let mut load = Load::default();
            while due < until {
                tokio::time::sleep_until(due.into()).await;
                // The timer's own lateness, up to a millisecond and a bit, is not the server's.
                let sent = Instant::now().min(due + Duration::from_millis(2)).max(due);
                let status = line.exchange().await;
                load.take(status, sent, &line.buffer);
                due += pause;
            }
            load
        });
    }
    Load::of(tasks, begun).await
}
