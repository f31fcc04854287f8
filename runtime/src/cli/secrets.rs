//! `masar secrets`: works on the data folder itself, while no server runs on it.

use clap::Subcommand;

use crate::{access::rotation, app, clock::Clock, config::Config, store::Store};

#[derive(Subcommand)]
pub(super) enum Secrets {
    /// Change the master key and wrap every credential under the new one. The server must not run.
    /// With secrets.master_key set, that is the new one, and secrets.previous_master_key the one before;
    /// else a new key takes the place of the file master.key. An interrupted change is finished.
    Rotate,
}

pub(super) async fn secrets(config: &Config, command: Secrets) -> anyhow::Result<u8> {
    let Secrets::Rotate = command;
    let _lock = app::take_folder(&config.data.folder)?;
    let store = Store::configured(config, Clock::system().now(), |_, _| {}).await?;
    let done = rotation::rotate(config, &store).await?;
    println!("{} credentials moved; the master key in force is {}", done.moved, done.key);
    if config.previous_master_key.is_some() {
        println!("secrets.previous_master_key is of no more use: remove it");
    }
    store.close().await;
    Ok(0)
}
