//! `masar serve`.

use std::{net::SocketAddr, sync::Arc};

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
    let stopping = app.stopping();
    let closing = stopping.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        wait_for_signal().await;
        // Live streams end here, so that a stop does not wait for their readers.
        closing.cancel();
    });
    // A caller that never finishes its request cannot hold a stop up.
    let grace = app.core.config.execute.stop_grace;
    let mut server = std::pin::pin!(async move { server.await });
    tokio::select! {
        result = &mut server => result?,
        () = async { stopping.cancelled().await; tokio::time::sleep(grace).await } => {}
    }
    tracing::info!("stopping");
    app.stop().await;
    Ok(0)
}

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
