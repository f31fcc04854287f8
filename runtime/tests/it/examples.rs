//! Every example runs as its folder says.

use std::path::Path;

use serde_json::Value;

use crate::server::masar;

#[test]
fn every_example_runs_as_it_says() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut tried = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let folder = entry.unwrap().path();
        let expected: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
        let data = tempfile::tempdir().unwrap();
        let (file, event) = (folder.join("workflow.json"), folder.join("event.json"));
        let output = masar(
            data.path(),
            &["run", file.to_str().unwrap(), "--event", event.to_str().unwrap(), "--json"],
        )
        .output()
        .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let records: Vec<Value> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{}: {error} {said}", folder.display()));
        let mut steps: Vec<&str> = records
            .iter()
            .filter(|record| record["k"] == "done")
            .map(|record| record["s"].as_str().unwrap())
            .collect();
        let mut wanted: Vec<&str> =
            expected["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        steps.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(steps, wanted, "{}", folder.display());
        let ended = records.iter().rev().find(|record| record["k"] == "ended").unwrap();
        assert_eq!(ended["status"], expected["status"], "{}: {ended}", folder.display());
        assert!(folder.join("README.md").exists(), "{} tells nobody what it is", folder.display());
        tried += 1;
    }
    assert!(tried >= 3);
}
