//! The simulation from the command line.

use std::process::Command;

#[test]
fn seeds_are_simulated_and_the_same_seed_says_the_same() {
    let simulate = || {
        let arguments = ["simulate", "--seed", "40", "--seeds", "8"];
        Command::new(env!("CARGO_BIN_EXE_masar")).args(arguments).output().unwrap()
    };
    let (once, again) = (simulate(), simulate());
    let text = String::from_utf8(once.stdout.clone()).unwrap();
    assert!(once.status.success(), "{text}{}", String::from_utf8_lossy(&once.stderr));
    assert!(text.starts_with("all holds: 8 seeds from 40, "), "{text}");
    assert_eq!(once.stdout, again.stdout);
}
