//! `masar serve`.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::{api, app::App, config::Config, observe};

pub(super) async fn serve(config: Config) -> anyhow::Result<u8> {
    observe::start_log(&config.log)?;
    let address = config.server.listen.clone();
    let listener = TcpListener::bind(&address)
        .await
        .with_context(|| format!("{address} cannot be listened at: it is taken by another program, or not an address of this machine; choose another with --listen"))?;
    let folder = config.data.folder.clone();
    let app = Arc::new(App::start(config).await?);
    let local = listener.local_addr()?;
    // Standard output tells people and scripts where it is; the log goes to standard error.
    println!("Masar listens at http://{local}");
    if app.new_token {
        println!(
            "Access token (shown once, kept in {}): {}",
            folder.join("api-token").display(),
            app.token.reveal()
        );
    }
    tracing::info!(address = %local, "listening");
    let router = api::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    // The server outlives the work: whoever waits for a run's answer still gets it, and everybody
    // else is told that it stops.
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = closed.await;
    });
    let mut server = std::pin::pin!(async move { server.await });
    let stop = async {
        wait_for_signal().await;
        tracing::info!("stopping: what is under way is being finished; a second signal ends at once");
        tokio::select! {
            () = app.drain() => {}
            // The journals know where to go on: the next start takes everything up.
            () = wait_for_signal() => return false,
        }
        true
    };
    tokio::select! {
        result = &mut server => result?,
        () = app.core.store.superseded() => {
            anyhow::bail!("another Masar has taken the database over; this one has ended, and what it had under way goes on there")
        }
        finished = stop => if !finished {
            tracing::warn!("ended at once; what was under way goes on at the next start");
            std::process::exit(1);
        }
    }
    // A caller that never finishes its request cannot hold a stop up.
    let _ = close.send(());
    let _ = tokio::time::timeout(LAST_ANSWERS, server).await;
    app.stop().await;
    tracing::info!("stopped");
    Ok(0)
}

/// How long answers may still be on their way out when all work is done.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        // Without signals the program ends when it is killed, which it is made for.
        _ => std::future::pending().await,
    }
}
