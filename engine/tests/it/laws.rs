//! Laws of every run, over workflows drawn at random.

use std::sync::Arc;

use masar_engine::{
    Plan, compile,
    run::RunStatus,
    simulation::{Chance, Hand, Nodes, draw, ended_twice},
};
use proptest::prelude::*;

/// More answers than any drawn workflow can ask for.
const ENOUGH: usize = 20_000;

fn drawn(seed: u64, races: bool) -> Arc<Plan> {
    let workflow = draw(seed, 25, races).unwrap();
    match compile(&workflow, &Nodes) {
        Ok((plan, _)) => Arc::new(plan),
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let workflow = serde_json::to_string_pretty(&workflow).unwrap();
            panic!("seed {seed}: {}\n{workflow}", problems.join("\n"))
        }
    }
}

#[test]
fn the_drawn_workflows_hold_everything_that_a_workflow_can_hold() {
    let (mut ended, mut longest) = ([0; 2], 0);
    for seed in 0..300 {
        let plan = drawn(seed, true);
        assert!((3..=27).contains(&plan.nodes.len()), "seed {seed}");
        assert!((0..plan.scopes.len()).all(|scope| plan.depth(scope as u32) <= 2));
        let mut hand = Hand::start(&plan, seed, 0).unwrap();
        assert!(hand.carry(seed, ENOUGH), "seed {seed}");
        ended[usize::from(hand.machine().status() == RunStatus::Succeeded)] += 1;
        longest = longest.max(hand.records().len());
    }
    assert!(
        ended[0] > 30 && ended[1] > 100 && longest > 100,
        "failed, succeeded {ended:?}, longest {longest}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_and_ends_no_step_twice(seed: u64, picks: u64, races: bool) {
        let plan = drawn(seed, races);
        let mut hand = Hand::start(&plan, seed, 0).unwrap();
        prop_assert!(hand.carry(picks, ENOUGH), "{:?}", hand.machine().view());
        prop_assert_eq!(ended_twice(hand.records()), Vec::<String>::new());
        prop_assert!(hand.machine().status() != RunStatus::Succeeded || hand.machine().activity().doubtful == 0);
    }

    #[test]
    fn the_order_in_which_parallel_steps_finish_does_not_show(seed: u64, one: u64, other: u64) {
        let plan = drawn(seed, false);
        let mut hands = [Hand::start(&plan, seed, 0).unwrap(), Hand::start(&plan, seed, 0).unwrap()];
        prop_assert!(hands[0].carry(one, ENOUGH) && hands[1].carry(other, ENOUGH));
        prop_assert_eq!(hands[0].story(), hands[1].story());
    }

    #[test]
    fn a_run_taken_up_at_any_record_ends_as_if_nothing_had_happened(seed: u64, picks: u64, other: u64, races: bool) {
        let plan = drawn(seed, races);
        let mut whole = Hand::start(&plan, seed, 0).unwrap();
        prop_assert!(whole.carry(picks, ENOUGH));
        let replayed = whole.replayed().unwrap();
        prop_assert_eq!(replayed.status(), whole.machine().status());
        prop_assert_eq!(replayed.error(), whole.machine().error());
        if whole.machine().status() == RunStatus::Succeeded {
            // What a failed run had just handed out is in no record: it reads as not yet begun.
            prop_assert_eq!(replayed.view(), whole.machine().view());
            prop_assert_eq!(replayed.activity(), whole.machine().activity());
        }
        prop_assert_eq!(replayed.next_sequence(), whole.machine().next_sequence());
        prop_assert_eq!(replayed.result(), whole.machine().result());
        // Every boundary of a short journal, some of a long one.
        let length = whole.records().len();
        let mut chance = Chance::new(other);
        let cuts: Vec<usize> =
            if length <= 24 { (1..=length).collect() } else { (0..24).map(|_| 1 + chance.below(length)).collect() };
        for cut in cuts {
            let mut again = whole.taken_up(cut).unwrap();
            prop_assert!(again.carry(chance.draw(), ENOUGH), "cut at {}: {:?}", cut, again.machine().view());
            prop_assert_eq!(&again.records()[..cut], &whole.records()[..cut]);
            prop_assert_eq!(ended_twice(again.records()), Vec::<String>::new(), "cut at {}", cut);
            if !races {
                prop_assert_eq!(again.story(), whole.story(), "cut at {}", cut);
            }
        }
    }
}
