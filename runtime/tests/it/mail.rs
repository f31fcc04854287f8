//! A small mail server after RFC 5321, without extensions: takes what it is given.

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::mpsc,
};

use crate::server::Server;

/// A mail server on a free port, known to Masar as the credential `mail`; gives the envelope of each
/// message that it takes, `MAIL FROM` and `RCPT TO` in one text.
pub(crate) async fn mail_server(server: &Server) -> mpsc::UnboundedReceiver<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, messages) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let taken = taken.clone();
            tokio::spawn(async move {
                let (reader, mut writer) = stream.into_split();
                let mut lines = BufReader::new(reader).lines();
                let (mut envelope, mut in_data) = (Vec::<String>::new(), false);
                let _ = writer.write_all(b"220 mail.example.sa\r\n").await;
                while let Ok(Some(line)) = lines.next_line().await {
                    let command = line.get(..4).unwrap_or_default().to_uppercase();
                    let answer: &[u8] = match command.as_str() {
                        _ if in_data && line != "." => continue,
                        _ if in_data => {
                            in_data = false;
                            let _ = taken.send(std::mem::take(&mut envelope).join(" "));
                            b"250 taken\r\n"
                        }
                        "DATA" => {
                            in_data = true;
                            b"354 go on\r\n"
                        }
                        "MAIL" | "RCPT" => {
                            envelope.push(line);
                            b"250 ok\r\n"
                        }
                        "QUIT" => b"221 bye\r\n",
                        _ => b"250 ok\r\n",
                    };
                    let _ = writer.write_all(answer).await;
                }
            });
        }
    });
    let fields = json!({"host": "127.0.0.1", "port": port.to_string(), "security": "none", "from": "sales@example.sa"});
    let credential = json!({"type": "smtp", "fields": fields});
    let (status, said) = server.call("PUT", "/api/v1/credentials/mail", Some(credential)).await;
    assert!(status < 300, "{said}");
    messages
}
