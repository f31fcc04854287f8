//! Lists the built editor (`editor/dist/site`) for the binary to embed. Without Node nothing is
//! built there, the list is empty and the binary shows a placeholder page instead.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // The folder itself is always there, so that Cargo sees the built files come and go.
    let dist = here.join("../editor/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");

    let site = dist.join("site");
    let mut files = Vec::new();
    if site.join("index.html").is_file() {
        collect(&site, &mut files)?;
    }
    files.sort();

    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("editor.rs");
    let mut text = fs::File::create(out)?;
    writeln!(text, "pub(super) static FILES: &[File] = &[")?;
    for file in files.iter().filter(|file| file.extension().is_none_or(|kind| kind != "br")) {
        let mut packed = file.clone().into_os_string();
        packed.push(".br");
        let packed = Path::new(&packed);
        let brotli = match packed.is_file() {
            true => format!("Some(include_bytes!({:?}))", packed),
            false => "None".to_owned(),
        };
        let path = file.strip_prefix(&site).unwrap_or(file).to_string_lossy().replace('\\', "/");
        writeln!(
            text,
            "    File {{ path: {path:?}, bytes: include_bytes!({file:?}), brotli: {brotli}, tag: \"\\\"{:016x}\\\"\" }},",
            fnv(&fs::read(file)?)
        )?;
    }
    writeln!(text, "];")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

/// FNV-1a, enough to tell one build's file from another's.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
