//! The machine's commands as rows: timers, waits, calls of other workflows, the end of a run.
//! They are written in the very commit that holds the records from which they follow.

use std::sync::Arc;

use masar_engine::run::{Command, Machine, RunStatus};

use super::{registry::Executor, task::RunInfo};
use crate::store::{TimerKind, Write};

/// The rows that a command asks for. Executing steps is not a row and is the caller's business.
pub(super) fn rows(
    executor: &Arc<Executor>,
    info: &mut RunInfo,
    machine: &mut Machine,
    command: Command,
) -> Vec<Write> {
    let run = info.run;
    info.waking |=
        matches!(command, Command::SetTimer { .. } | Command::OpenWait { .. } | Command::CallWorkflow { .. });
    match command {
        Command::Execute { .. } | Command::Cancel { .. } => Vec::new(),
        Command::SetTimer { token, due } => {
            vec![Write::TimerSet { due, run, token, kind: TimerKind::Timer, payload: 0 }]
        }
        Command::OpenWait { token, step, wait } => {
            let step = machine.step_ref(&step);
            vec![executor.core().wait_row(info, machine, token, &step, wait)]
        }
        Command::CloseWait { token } => {
            vec![Write::TimerClear { run, token }, Write::WaitClose { run, token }]
        }
        Command::CallWorkflow { token, step, call } => {
            let now = executor.core().clock.now();
            let step = machine.step_ref(&step);
            match executor.dispatcher().call(info, token, &step, &call) {
                Ok((child, mut rows)) => {
                    // The child starts by a timer that is due at once: durable with this very commit.
                    rows.push(Write::TimerSet {
                        due: now,
                        run: child,
                        token: 0,
                        kind: TimerKind::Start,
                        payload: 0,
                    });
                    if !call.wait {
                        let _ =
                            machine.call_ended(token, Ok(serde_json::json!({"run": child.to_string()})), now);
                    }
                    rows
                }
                Err(error) => {
                    let _ = machine.call_ended(token, Err(error), now);
                    Vec::new()
                }
            }
        }
        Command::Ended { status } => {
            let mut rows = match info.waking {
                true => vec![Write::TimersClearRun { run }, Write::WaitsCloseRun { run }],
                false => Vec::new(),
            };
            let core = executor.core();
            if let Some(parent) = &machine.header().parent {
                let due = core.clock.now();
                rows.push(Write::TimerSet {
                    due,
                    run: parent.run,
                    token: parent.token,
                    kind: TimerKind::CallEnded,
                    payload: 0,
                });
            }
            if status == RunStatus::Failed && !machine.header().test {
                rows.extend(core.failure_event(info, machine));
            }
            rows
        }
    }
}
