//! A run that is carried by whoever waits for its answer: polled where it is waited for, which saves
//! a task and its wake-ups, and carried on by a task of its own where that caller goes away.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use tokio::{runtime::Handle, sync::oneshot};

/// The rest of a run's stay in memory.
pub struct Carried {
    rest: Option<BoxFuture<'static, ()>>,
}

impl Carried {
    pub(super) fn new(run: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { rest: Some(Box::pin(run)) }
    }

    /// Carries the run until `told` says something. An error says that the run left without a word.
    pub async fn until<T>(
        &mut self,
        told: &mut oneshot::Receiver<T>,
    ) -> Result<T, oneshot::error::RecvError> {
        poll_fn(|cx| {
            self.go_on(cx);
            Pin::new(&mut *told).poll(cx)
        })
        .await
    }

    fn go_on(&mut self, cx: &mut Context<'_>) {
        if let Some(rest) = &mut self.rest
            && rest.as_mut().poll(cx) == Poll::Ready(())
        {
            self.rest = None;
        }
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        // Outside the runtime the program ends; then the journal knows where to go on.
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(rest);
        }
    }
}
