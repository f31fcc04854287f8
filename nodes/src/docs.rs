//! The documentation of a node type, written from its manifest in English and Arabic. Nothing here
//! is written by hand: what is wrong in a page is wrong in the manifest. Used by the test that keeps
//! `docs/nodes` current, and for custom nodes by the command line.

use std::fmt::Write;

use masar_engine::{
    Json, Manifest,
    manifest::{Effect, OnCrash, OutputShape, Ports, Role},
};

/// The words of one language.
struct Words {
    title: &'static str,
    description: &'static str,
    parameters: &'static str,
    output: &'static str,
    table: &'static str,
    none: &'static str,
    yes: &'static str,
    ports: &'static str,
    effect: &'static str,
    credential: &'static str,
    same: &'static str,
    any: &'static str,
    fields: &'static str,
    default: &'static str,
    one_of: &'static str,
}

const EN: Words = Words {
    title: "title",
    description: "description",
    parameters: "Parameters",
    output: "Output",
    table: "| name | type | required | what it is |",
    none: "None.",
    yes: "yes",
    ports: "Ports",
    effect: "Effect",
    credential: "Credential",
    same: "What came in, unchanged.",
    any: "Known only after it ran.",
    fields: "An object with the fields of",
    default: "Default",
    one_of: "One of",
};

const AR: Words = Words {
    title: "x-ar-title",
    description: "x-ar-description",
    parameters: "المعاملات",
    output: "الناتج",
    table: "| الاسم | النوع | إلزامي | ما هو |",
    none: "لا شيء.",
    yes: "نعم",
    ports: "المخارج",
    effect: "الأثر",
    credential: "بيانات الاعتماد",
    same: "ما دخل كما هو.",
    any: "يُعرف بعد التشغيل.",
    fields: "كائن بحقول",
    default: "الافتراضي",
    one_of: "أحد",
};

/// The page of a node type.
pub fn markdown(manifest: &Manifest) -> String {
    let texts = &manifest.texts;
    let mut page = format!(
        "# {} - {} · {}\n\n`{}` version {}, icon `{}`\n\n{}\n\n",
        manifest.node_type,
        texts.en.name,
        texts.ar.name,
        manifest.node_type,
        manifest.version,
        manifest.icon,
        texts.en.summary
    );
    section(&mut page, manifest, &EN, false);
    page.push_str("## Examples\n\n");
    for example in &manifest.examples {
        let _ = writeln!(page, "### {}\n", example.title);
        code(&mut page, "Parameters", &example.parameters);
        if !example.trigger.is_null() && manifest.role != Role::Trigger {
            code(&mut page, "With `trigger`", &example.trigger);
        }
        if !example.input.is_null() {
            code(
                &mut page,
                if manifest.role == Role::Trigger { "With the event's data" } else { "With `input`" },
                &example.input,
            );
        }
        if let Some(output) = &example.output {
            let port = example.port.as_ref().map_or(String::new(), |port| format!(" by the port `{port}`"));
            code(&mut page, &format!("It gives{port}"), output);
        }
        if let Some(error) = &example.error {
            let _ = writeln!(page, "It fails with `{error}`.\n");
        }
    }
    let _ = write!(page, "<div dir=\"rtl\" lang=\"ar\">\n\n## {}\n\n{}\n\n", texts.ar.name, texts.ar.summary);
    section(&mut page, manifest, &AR, true);
    page.push_str("</div>\n");
    page
}

/// The list of all pages, by family.
pub fn index<'m>(manifests: impl IntoIterator<Item = &'m Manifest>) -> String {
    let mut page =
        "# Nodes\n\nWritten from the manifests; `MASAR_UPDATE=1 cargo test -p masar-nodes` writes it anew.\n"
            .to_owned();
    let mut family = "";
    for manifest in manifests {
        let this = manifest.node_type.split('.').next().unwrap_or("");
        if this != family {
            family = this;
            let _ = write!(page, "\n## {family}\n\n| node | English | العربية |\n| --- | --- | --- |\n");
        }
        let (name, texts) = (&manifest.node_type, &manifest.texts);
        let _ = writeln!(
            page,
            "| [{name}]({name}.md) | **{}**: {} | **{}**: {} |",
            texts.en.name, texts.en.summary, texts.ar.name, texts.ar.summary
        );
    }
    page
}

fn section(page: &mut String, manifest: &Manifest, words: &Words, arabic: bool) {
    let level = if arabic { "###" } else { "##" };
    let _ = writeln!(page, "- {}: {}", words.effect, effect(manifest, arabic));
    let _ = writeln!(page, "- {}: {}", words.ports, ports(manifest, arabic));
    for used in &manifest.credentials {
        let _ = writeln!(page, "- {}: `{}` ({})", words.credential, used.parameter, quoted(&used.types));
    }
    let _ = write!(page, "\n{level} {}\n\n", words.parameters);
    table(page, &manifest.parameters, words);
    let _ = write!(page, "{level} {}\n\n", words.output);
    match &manifest.output {
        OutputShape::Schema(schema) => table(page, schema, words),
        OutputShape::Input => {
            let _ = write!(page, "{}\n\n", words.same);
        }
        OutputShape::Fields { parameter, .. } => {
            let _ = write!(page, "{} `{parameter}`.\n\n", words.fields);
        }
        OutputShape::Any => {
            let _ = write!(page, "{}\n\n", words.any);
        }
    }
}

fn effect(manifest: &Manifest, arabic: bool) -> &'static str {
    match (manifest.effect, manifest.on_crash, arabic) {
        (Effect::Pure, _, false) => "pure: it computes, and may be repeated at will",
        (Effect::Pure, _, true) => "حساب فقط، ويمكن تكراره بلا ضرر",
        (Effect::Transactional, _, false) => {
            "transactional: it happens exactly once, in the transaction of its journal record"
        }
        (Effect::Transactional, _, true) => "داخل قاعدة البيانات: يقع مرة واحدة بالضبط، في معاملة سجله نفسها",
        (Effect::External, OnCrash::Retry, false) => {
            "external: after a crash it is tried again with the same idempotency key"
        }
        (Effect::External, OnCrash::Retry, true) => "خارجي: يُعاد بعد الانقطاع بمفتاح عدم التكرار نفسه",
        (Effect::External, OnCrash::InDoubt, false) => {
            "external: after a crash it is left in doubt until a person decides, for it must not happen twice"
        }
        (Effect::External, OnCrash::InDoubt, true) => {
            "خارجي: يُعلّق بعد الانقطاع حتى يقرر شخص، لأنه لا يجوز أن يقع مرتين"
        }
    }
}

fn ports(manifest: &Manifest, arabic: bool) -> String {
    let mut all = match &manifest.ports {
        Ports::Fixed(names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>(),
        Ports::FromList { parameter, last } => {
            let each = if arabic { "واحد لكل عنصر في" } else { "one for each entry of" };
            vec![format!("{each} `{parameter}`"), format!("`{last}`")]
        }
    };
    if manifest.role != Role::Trigger {
        all.push("`error`".to_owned());
    }
    all.join(if arabic { "، " } else { ", " })
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn code(page: &mut String, title: &str, value: &Json) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let _ = write!(page, "{title}:\n\n```json\n{text}\n```\n\n");
}

fn table(page: &mut String, schema: &Json, words: &Words) {
    let mut rows = Vec::new();
    collect(schema, "", words, &mut rows);
    if rows.is_empty() {
        let _ = write!(page, "{}\n\n", words.none);
        return;
    }
    let _ = writeln!(page, "{}\n| --- | --- | --- | --- |", words.table);
    for row in rows {
        let _ = writeln!(page, "{row}");
    }
    page.push('\n');
}

/// The rows of a schema's fields in the author's order, nested ones below their parent.
fn collect(schema: &Json, above: &str, words: &Words, rows: &mut Vec<String>) {
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return };
    let mut fields: Vec<_> = properties.iter().collect();
    fields.sort_by_key(|(_, field)| field.get("x-order").and_then(Json::as_u64).unwrap_or(u64::MAX));
    let required = schema.get("required").and_then(Json::as_array);
    for (name, field) in fields {
        let path = format!("{above}{name}");
        let text = |key: &str| field.get(key).and_then(Json::as_str).unwrap_or("").replace('|', "\\|");
        let mandatory = required.is_some_and(|names| names.iter().any(|known| known == name));
        let mut about = format!("**{}**: {}", text(words.title), text(words.description));
        if let Some(values) = field.get("enum").and_then(Json::as_array) {
            let values: Vec<String> = values.iter().map(|value| format!("`{}`", plain(value))).collect();
            let _ = write!(about, " {}: {}.", words.one_of, values.join(", "));
        }
        if let Some(default) = field.get("default") {
            let _ = write!(about, " {}: `{}`.", words.default, plain(default));
        }
        let mandatory = if mandatory { words.yes } else { "" };
        rows.push(format!("| `{path}` | {} | {mandatory} | {about} |", kind(field)));
        collect(field, &format!("{path}."), words, rows);
        if let Some(items) = field.get("items") {
            collect(items, &format!("{path}[]."), words, rows);
        }
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn kind(field: &Json) -> String {
    let hint = field.get("x-field").and_then(Json::as_str).filter(|hint| !matches!(*hint, "text" | "list"));
    let kind = match field.get("type") {
        Some(Json::String(kind)) => kind.clone(),
        Some(Json::Array(kinds)) => kinds.iter().map(plain).collect::<Vec<_>>().join(" / "),
        _ => "any".to_owned(),
    };
    match hint {
        Some(hint) => format!("{kind} ({hint})"),
        None => kind,
    }
}
