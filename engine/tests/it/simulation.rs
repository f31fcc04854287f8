//! Runs over workers, store and bus in trouble; and broken rules, which must be noticed.

use masar_engine::simulation::{Options, Sabotage, simulate};

#[test]
fn whatever_goes_wrong_every_event_has_one_run_and_every_effect_happens_as_promised() {
    let (mut crashes, mut zombies, mut fenced, mut taken_up) = (0, 0, 0, 0);
    for seed in 0..300 {
        let options = Options { races: seed % 4 == 0, ..Options::default() };
        let report = simulate(seed, &options).unwrap_or_else(|failure| panic!("{failure}"));
        crashes += report.crashes;
        zombies += report.zombies;
        fenced += report.fenced;
        taken_up += report.taken_up;
    }
    assert!(
        crashes > 300 && zombies > 100 && fenced > 50 && taken_up > 500,
        "{crashes} crashes, {zombies} zombies, {fenced} fenced, {taken_up} taken up"
    );
}

#[test]
fn a_small_workflow_survives_a_crash_at_every_boundary() {
    for seed in 0..12 {
        let calm = Options { runs: 2, nodes: 8, ..Options::default() };
        let commits = simulate(seed, &calm).unwrap_or_else(|failure| panic!("{failure}")).commits;
        for boundary in 0..2 * commits {
            let options = Options { crash_at: Some(boundary), ..calm.clone() };
            simulate(seed, &options).unwrap_or_else(|failure| panic!("boundary {boundary}: {failure}"));
        }
    }
}

#[test]
fn the_same_seed_shows_the_same() {
    let options = Options::default();
    assert_eq!(simulate(7, &options), simulate(7, &options));
}

#[test]
fn a_broken_rule_is_noticed() {
    for (sabotage, says) in [
        (Sabotage::NoFence, "the journal has"),
        (Sabotage::EarlyAck, "events were accepted"),
        (Sabotage::EffectOutside, "had its effect"),
        (Sabotage::NoIntent, "was paid"),
    ] {
        let options = Options { sabotage: Some(sabotage), ..Options::default() };
        let found = (0..200)
            .find_map(|seed| simulate(seed, &options).err().filter(|failure| failure.what.contains(says)));
        assert!(found.is_some(), "{sabotage:?} went unnoticed");
    }
}
