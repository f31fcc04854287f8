//! Checked-in files that are made from the code. `MASAR_UPDATE=1` writes them anew.

use std::path::Path;

fn current(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if std::env::var_os("MASAR_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{file} is not current: run `make generate`");
}

#[test]
fn generated_openapi() {
    current("docs/openapi.json", &masar_runtime::api::openapi());
}

#[test]
fn generated_schemas() {
    let schema = |schema: schemars::Schema| format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    current("docs/schema/workflow.schema.json", &schema(schemars::schema_for!(masar_engine::Workflow)));
    current("docs/schema/record.schema.json", &schema(schemars::schema_for!(masar_engine::run::Record)));
}

#[test]
fn generated_problems() {
    current("docs/problems.md", &masar_runtime::api::problems());
}

#[test]
fn generated_settings() {
    let mut text = String::from(
        "# Settings\n\nFile `masar.toml`, then variables, then flags (`--set key=value`). `masar config` prints what is in force.\n\n| key | variable | default | |\n| --- | --- | --- | --- |\n",
    );
    for setting in masar_runtime::config::SETTINGS {
        text.push_str(&format!(
            "| `{}` | `{}` | `{}` | {} |\n",
            setting.key,
            setting.variable(),
            setting.default,
            setting.help
        ));
    }
    current("docs/settings.md", &text);
}
