//! Reads a template once, in order, before Handlebars does, and refuses what would exhaust its
//! recursive parser and renderer: a template of 19 KB can end the process by nesting alone.

use crate::value::{ValueError, excerpt, expression::position_of};

/// Bytes of a template's text.
pub(super) const MAX_SOURCE: usize = 64 * 1024;
/// Blocks inside blocks; every `else if` counts as one.
pub(super) const MAX_BLOCKS: usize = 32;
/// Parentheses and brackets inside one tag.
pub(super) const MAX_NESTING: usize = 8;

/// Whether the template is small and flat enough to be parsed.
pub(super) fn scan(source: &str) -> Result<(), ValueError> {
    if source.len() > MAX_SOURCE {
        return Err(ValueError::new(
            "template.limit",
            format!("a template has at most {} KB", MAX_SOURCE / 1024),
        ));
    }
    let refuse = |at: usize, code: &str, message: String| {
        let (line, column) = position_of(source, at);
        Err(ValueError::new(code, message).at(
            Some(line),
            Some(column),
            Some(excerpt(&source[at..]).into_owned()),
        ))
    };
    // For each open block: 1 and one for each `else …` in it.
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find("{{") {
        let start = at + found;
        // One backslash makes the braces text; two or more are text themselves and the tag lives.
        let backslashes = source[..start].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if backslashes == 1 {
            at = start + if source[start..].starts_with("{{{{") { 4 } else { 2 };
            continue;
        }
        if source[start..].starts_with("{{{{") {
            return refuse(
                start,
                "template.refused",
                "raw blocks (`{{{{…}}}}`) are not available in templates".to_owned(),
            );
        }
        let tag = source[start + 2..].trim_start_matches(['~', '{']);
        if tag.starts_with('!') {
            let end = if tag.starts_with("!--") { "--}}" } else { "}}" };
            match source[start..].find(end) {
                Some(length) => at = start + length + end.len(),
                None => {
                    return refuse(
                        start,
                        "template.syntax",
                        format!("the comment is not closed: `{end}` is missing"),
                    );
                }
            }
            continue;
        }
        if tag.trim_start_matches(['#', '~', ' ', '\t', '\r', '\n']).starts_with(['>', '*']) {
            return refuse(
                start,
                "template.refused",
                "partials (`{{> …}}`) and decorators (`{{* …}}`) are not available in templates".to_owned(),
            );
        }
        let Some(length) = tag_length(&source[start..]) else {
            return refuse(
                start,
                "template.syntax",
                "the tag is not closed: `}}` is missing (or quotes or braces stand inside of `[…]`)"
                    .to_owned(),
            );
        };
        if nesting(&source[start + 2..start + length]) > MAX_NESTING {
            return refuse(
                start,
                "template.limit",
                format!("a tag nests at most {MAX_NESTING} parentheses or brackets"),
            );
        }
        let tag = tag.trim_start();
        if tag.starts_with('#') {
            open.push(1);
        } else if tag.starts_with('/') {
            if open.pop().is_none() {
                return refuse(start, "template.syntax", "this closes a block that is not open".to_owned());
            }
        } else if tag.starts_with('^')
            || tag.strip_prefix("else").is_some_and(|rest| !rest.starts_with(is_name))
        {
            match open.last_mut() {
                Some(depth) => *depth += 1,
                None => {
                    return refuse(start, "template.syntax", "`else` stands outside of a block".to_owned());
                }
            }
        }
        if open.iter().sum::<usize>() > MAX_BLOCKS + 1 {
            return refuse(start, "template.limit", format!("a template nests at most {MAX_BLOCKS} blocks"));
        }
        at = start + length;
    }
    match open.is_empty() {
        true => Ok(()),
        false => refuse(
            source.rfind("{{#").unwrap_or(0),
            "template.syntax",
            "a block is not closed: `{{/…}}` is missing".to_owned(),
        ),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "_-.".contains(c)
}

/// The length of a tag with its braces. Braces inside quoted text do not end it.
fn tag_length(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(2) {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            // Whether `[` begins a name or a list decides what a quote in it means, so it may hold none.
            (None, '[')
                if text[at..].split(']').next().is_some_and(|name| name.contains(['"', '\'', '{', '}'])) =>
            {
                return None;
            }
            (None, '}') if text[at..].starts_with("}}") => {
                let closing = text[at..].bytes().take_while(|byte| *byte == b'}').count();
                return Some(at + closing.min(4));
            }
            _ => {}
        }
    }
    None
}

fn nesting(tag: &str) -> usize {
    let (mut depth, mut deepest, mut quote, mut escaped) = (0_usize, 0, None, false);
    for c in tag.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
