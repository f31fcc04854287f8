//! The pages in `docs/nodes` are what the manifests say. `MASAR_UPDATE=1` writes them anew.

use std::{collections::BTreeMap, fs, path::Path};

use masar_nodes::{Catalogue, docs};

#[test]
fn generated_pages_of_the_nodes_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/nodes");
    let catalogue = Catalogue::builtin();
    let mut pages: BTreeMap<String, String> = catalogue
        .manifests()
        .map(|manifest| (format!("{}.md", manifest.node_type), docs::markdown(manifest)))
        .collect();
    pages.insert("README.md".to_owned(), docs::index(catalogue.manifests().map(AsRef::as_ref)));

    if std::env::var_os("MASAR_UPDATE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, page) in &pages {
            fs::write(folder.join(name), page).unwrap();
        }
    }
    let found: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    for (name, page) in &pages {
        assert!(found.get(name) == Some(page), "docs/nodes/{name} is not current; run with MASAR_UPDATE=1");
    }
    let extra: Vec<_> = found.keys().filter(|name| !pages.contains_key(*name)).collect();
    assert!(extra.is_empty(), "docs/nodes has pages of no node: {extra:?}");
}
