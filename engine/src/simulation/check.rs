//! What must hold when everything is at rest.

use super::{
    Failure,
    cluster::Cluster,
    hand::{BEGIN, Hand, ended_twice, story},
    worker::{Task, read},
};
use crate::run::Record;

impl Cluster {
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        if self.store.runs.len() as u64 != self.options.runs {
            return Err(self.fails(format!(
                "{} events were accepted, {} runs are there",
                self.options.runs,
                self.store.runs.len()
            )));
        }
        let mut written = 0;
        for (&run, row) in &self.store.runs {
            let id = Self::run_id(run);
            if !row.over {
                return Err(self.fails(format!("run {id} is stuck")));
            }
            let records = read(row).map_err(|error| self.fails(format!("run {id}: {error}")))?;
            let twice = ended_twice(&records);
            if !twice.is_empty() {
                return Err(self.fails(format!("run {id} has ended more than once: {}", twice.join(", "))));
            }
            written += self.check_effects(run, &records)?;
            let told = Task::load(&self.plan, self.seed, run, row, BEGIN);
            let told = told.map_err(|error| self.fails(format!("run {id}: {error}")))?;
            if !self.options.races {
                let undisturbed = self.undisturbed(run)?;
                let found = story(&told.machine, &records);
                if found != undisturbed {
                    return Err(self.fails(format!(
                        "run {id} ended otherwise than undisturbed:\n{found}\ninstead of\n{undisturbed}"
                    )));
                }
            }
        }
        if written != self.store.effects.len() || written != self.store.outbox.len() {
            return Err(self.fails(format!(
                "the journals tell of {written} transactional steps; there are effects of {} and {} outgoing events",
                self.store.effects.len(),
                self.store.outbox.len()
            )));
        }
        if let Some(lost) = self.store.outbox.iter().find(|row| !self.received.contains(&row.id)) {
            return Err(self.fails(format!("the event of {} was never received", lost.id)));
        }
        for (step, calls) in &self.calls {
            if calls.keys.len() > 1 {
                return Err(self.fails(format!("{step} was called with {} keys", calls.keys.len())));
            }
            if calls.pay && calls.made > 1 + calls.allowed {
                return Err(self.fails(format!(
                    "{step} was paid {} times, allowed were {}",
                    calls.made,
                    1 + calls.allowed
                )));
            }
        }
        self.report.records = self.store.records;
        Ok(())
    }

    /// Every transactional step of the run has had its effect once, every external one was called.
    fn check_effects(&self, run: u64, records: &[Record]) -> Result<usize, Failure> {
        let mut written = 0;
        for record in records {
            let Record::Done { step, .. } = record else { continue };
            let key = step.0.rsplit('.').next().unwrap_or_default();
            let Some(node) = self.plan.find(key).map(|index| self.plan.node(index)) else { continue };
            let name = format!("{run}/{step}");
            match node.spec.manifest.node_type.as_str() {
                _ if node.disabled => {}
                "write" => {
                    written += 1;
                    let times = self.store.effects.get(&name).copied().unwrap_or(0);
                    if times != 1 {
                        return Err(self.fails(format!("{name} had its effect {times} times")));
                    }
                }
                "call" | "pay" if !self.calls.contains_key(&name) => {
                    return Err(self.fails(format!("{name} is done and was never called")));
                }
                _ => {}
            }
        }
        Ok(written)
    }

    fn undisturbed(&self, run: u64) -> Result<String, Failure> {
        let hand = Hand::start(&self.plan, self.seed, run);
        let mut hand = hand.map_err(|error| self.fails(error.to_string()))?;
        if !hand.carry(self.seed, self.options.most_acts) {
            return Err(self.fails(format!("run {run} does not end even undisturbed")));
        }
        Ok(hand.story())
    }
}
