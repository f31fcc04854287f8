//! Finds the paths in an expression's text and gives each a variable, so that Rhai sees
//! `trigger_body_budget` where the author wrote `trigger.body.budget`: a look-up by name instead of
//! three property calls. The variable is as long as the path, so every position stays true.
//! Lexical only: strings, comments and interpolation are understood, the grammar is Rhai's business.

use std::{collections::HashSet, ops::Range};

use crate::value::path::{Path, Root, is_word, word_end};

/// What Rhai calls the function `default`.
pub(super) const DEFAULT: &str = "Default";

/// A path that an expression reads.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    /// What Rhai calls it.
    pub(super) name: String,
    pub(super) path: Path,
    /// Whether the author wrote what to do when it is missing; then it is `()`.
    pub(super) optional: bool,
}

/// Text for Rhai, and what its variables mean.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) text: String,
    pub(super) variables: Vec<Variable>,
    /// Where `steps` stands without a key that is known now.
    pub(super) dynamic_steps: Option<usize>,
}

/// `local` are names that the expression itself declares; they mean what it says.
pub(super) fn rewrite(source: &str, local: &HashSet<String>) -> Rewritten {
    let mut taken: HashSet<String> = words(source).map(|range| source[range].to_owned()).collect();
    let mut rewritten = Rewritten { text: String::with_capacity(source.len()), ..Rewritten::default() };
    let mut copied = 0;
    for range in words(source) {
        let word = &source[range.clone()];
        if word == "default" && source[range.end..].trim_start().starts_with('(') {
            // A reserved word of Rhai, and the name that people look for.
            rewritten.text.push_str(&source[copied..range.start]);
            rewritten.text.push_str(DEFAULT);
            copied = range.end;
            continue;
        }
        if range.start < copied
            || local.contains(word)
            || Root::named(word).is_none()
            || is_property(source, range.start)
        {
            continue;
        }
        let Some((path, length)) = Path::scan(&source[range.start..]) else { continue };
        if path.root == Root::Steps && path.segments.is_empty() {
            rewritten.dynamic_steps.get_or_insert(range.start);
        }
        let end = range.start + length;
        let optional = has_default(source, range.start, end);
        let known = rewritten.variables.iter().find(|known| known.path == path && known.optional == optional);
        let name = match known {
            Some(known) => known.name.clone(),
            None => {
                let name = if path.segments.is_empty() && !optional {
                    path.text.to_string()
                } else {
                    free_name(&path.text, optional, &taken)
                };
                taken.insert(name.clone());
                rewritten.variables.push(Variable { name: name.clone(), path, optional });
                name
            }
        };
        rewritten.text.push_str(&source[copied..range.start]);
        rewritten.text.push_str(&name);
        copied = end;
    }
    rewritten.text.push_str(&source[copied..]);
    rewritten
}

/// Whether the word is a property of something (`x.item`), and not the end of a range (`0..item`).
fn is_property(source: &str, start: usize) -> bool {
    let before = source[..start].trim_end();
    (before.ends_with('.') && !before.ends_with("..")) || before.ends_with("?.")
}

/// `path ?? …`, `has(path)` and `default(path, …)` say what a missing path means.
fn has_default(source: &str, start: usize, end: usize) -> bool {
    if source[end..].trim_start().starts_with("??") {
        return true;
    }
    let Some(before) = source[..start].trim_end().strip_suffix('(') else { return false };
    let before = before.trim_end();
    ["has", "default"].into_iter().any(|name| {
        before.strip_suffix(name).is_some_and(|rest| !rest.ends_with(|c: char| is_word(c) || c == '.'))
    })
}

/// An identifier as long as `text` that nobody uses.
fn free_name(text: &str, optional: bool, taken: &HashSet<String>) -> String {
    let mut name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if optional {
        name.replace_range(..1, &name[..1].to_ascii_uppercase());
    }
    let width = text.chars().count() - 1;
    let mut number = 0_u32;
    while taken.contains(&name) {
        name = format!("v{number:0>width$}");
        number += 1;
    }
    name
}

/// Every word of the code in `source`, without those in strings and comments.
fn words(source: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = source.as_bytes();
    let mut at = 0;
    // Depth of braces at which each open interpolation ends.
    let mut interpolations: Vec<usize> = Vec::new();
    let mut braces = 0_usize;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let rest = &source[at..];
            let end = word_end(source, at);
            if end > at {
                let word = at..end;
                at = end;
                return Some(word);
            }
            match bytes[at] {
                b'/' if rest.starts_with("//") => at += rest.find('\n').unwrap_or(rest.len()),
                b'/' if rest.starts_with("/*") => at += comment(rest),
                b'"' => at += quoted(rest, '"'),
                b'\'' => at += quoted(rest, '\''),
                b'#' if rest.trim_start_matches('#').starts_with('"') => at += raw(rest),
                b'`' => {
                    let (length, code) = template(&rest[1..]);
                    at += 1 + length;
                    if code {
                        interpolations.push(braces);
                    }
                }
                b'{' => {
                    braces += 1;
                    at += 1;
                }
                b'}' if interpolations.last() == Some(&braces) => {
                    let (length, code) = template(&rest[1..]);
                    at += 1 + length;
                    if !code {
                        interpolations.pop();
                    }
                }
                b'}' => {
                    braces = braces.saturating_sub(1);
                    at += 1;
                }
                b'0'..=b'9' => at += rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
                _ => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        None
    })
}

/// The length of a comment, which may hold comments.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a string with escapes, its quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of a raw string `#"…"#`.
fn raw(text: &str) -> usize {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let close = format!("\"{}", "#".repeat(hashes));
    let body = hashes + 1;
    text[body..].find(&close).map_or(text.len(), |at| body + at + close.len())
}

/// The length of the text part of a back-quoted string up to its end or into `${`, and whether code follows.
fn template(text: &str) -> (usize, bool) {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("``") {
            at += 2;
        } else if rest.starts_with('`') {
            return (at + 1, false);
        } else if rest.starts_with("${") {
            return (at + 2, true);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (text.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        rewrite(source, &HashSet::new()).text
    }

    #[test]
    fn paths_become_variables_of_the_same_length() {
        assert_eq!(text("min(100, trigger.body.budget) + item"), "min(100, trigger_body_budget) + item");
        assert_eq!(text("steps.a.items[0].name.len()"), "steps_a_items_0__name.len()");
        assert_eq!(text("trigger.a ?? 1 + trigger.a"), "Trigger_a ?? 1 + trigger_a");
        assert_eq!(text("has(trigger.a.b)"), "has(Trigger_a_b)");
        assert_eq!(text("0..trigger.n"), "0..trigger_n");
        // Two paths that would share a name do not.
        assert_eq!(text("trigger.a_b + trigger.a.b"), "trigger_a_b + v0000000000");
    }

    #[test]
    fn text_and_comments_are_left_alone() {
        for source in [
            "\"trigger.a \\\" trigger.b\"",
            "/* trigger.a /* trigger.b */ trigger.c */ 1",
            "// trigger.a",
            "#\"trigger.a \" trigger.b\"#",
            "x.trigger.a",
            "'\\''",
        ] {
            assert_eq!(text(source), source);
        }
        assert_eq!(
            text("`trigger.a ${trigger.a + #{x: `${trigger.b}`}.x} trigger.c`"),
            "`trigger.a ${trigger_a + #{x: `${trigger_b}`}.x} trigger.c`"
        );
    }

    #[test]
    fn a_name_that_the_expression_declares_is_its_own() {
        let local = HashSet::from(["item".to_owned()]);
        assert_eq!(
            rewrite("trigger.list.map(|item| item.price)", &local).text,
            "trigger_list.map(|item| item.price)"
        );
    }
}
