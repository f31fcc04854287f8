//! Pages: how the next one is found, and where its items are. What a request is, is not known here.

use masar_engine::{Json, StepError};
use reqwest::{
    Url,
    header::{HeaderMap, LINK},
};
use serde::Deserialize;

/// How a list that comes in pages is read to its end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pagination {
    by: By,
    /// Dotted path to the list in a page; empty: the page itself.
    #[serde(default)]
    items: String,
    /// Dotted path to the next page's address or cursor.
    #[serde(default)]
    next: String,
    /// Name of the query parameter for the page number or cursor.
    parameter: Option<String>,
    #[serde(default = "one")]
    start: i64,
    #[serde(default = "one")]
    step: i64,
    #[serde(default = "ten")]
    pub(super) max_pages: u32,
}

fn one() -> i64 {
    1
}

fn ten() -> u32 {
    10
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    /// The `next` of the `Link` header, RFC 8288.
    LinkHeader,
    /// The next page's address stands in the body.
    NextUrl,
    /// A cursor stands in the body.
    Cursor,
    /// Pages are numbered.
    Page,
}

impl Pagination {
    fn parameter(&self) -> &str {
        self.parameter.as_deref().unwrap_or(if self.by == By::Page { "page" } else { "cursor" })
    }

    /// The first page's address.
    pub(super) fn first(&self, url: &Url) -> Url {
        if self.by == By::Page {
            with_parameter(url, self.parameter(), &self.start.to_string())
        } else {
            url.clone()
        }
    }

    /// The items of a page.
    pub(super) fn items(&self, page: &mut Json) -> Result<Vec<Json>, StepError> {
        let pointer = pointer(&self.items);
        match page.pointer_mut(&pointer).map(Json::take) {
            Some(Json::Array(items)) => Ok(items),
            _ => Err(wrong(if self.items.is_empty() {
                "a page is not a list; say in `items` where in the page the list is".to_owned()
            } else {
                format!("there is no list at `{}` in a page", self.items)
            })),
        }
    }

    /// The address of the page after page number `done` (from 1); `None` where that was the last.
    pub(super) fn next(
        &self,
        url: &Url,
        headers: &HeaderMap,
        page: &Json,
        done: u32,
        was_empty: bool,
    ) -> Result<Option<Url>, StepError> {
        let found = match self.by {
            By::Page if was_empty => None,
            By::Page => {
                let number = self.start.saturating_add(self.step.saturating_mul(i64::from(done)));
                Some(with_parameter(url, self.parameter(), &number.to_string()))
            }
            By::LinkHeader => match link_next(headers) {
                Some(link) => Some(join(url, &link)?),
                None => None,
            },
            By::NextUrl => match in_body(page, &self.next) {
                Some(link) => Some(join(url, &link)?),
                None => None,
            },
            By::Cursor => {
                in_body(page, &self.next).map(|cursor| with_parameter(url, self.parameter(), &cursor))
            }
        };
        match found {
            Some(next) if next == *url => Err(wrong("the next page is the same page again".to_owned())),
            found => Ok(found),
        }
    }
}

fn wrong(message: String) -> StepError {
    StepError::new("http.pagination", message).permanent()
}

fn join(url: &Url, link: &str) -> Result<Url, StepError> {
    url.join(link).map_err(|_| wrong(format!("the next page's address `{link}` is none")))
}

fn pointer(path: &str) -> String {
    path.split('.')
        .filter(|part| !part.is_empty())
        .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
        .collect()
}

/// Text at a path; nothing where it is missing, `null`, `false` or empty.
fn in_body(page: &Json, path: &str) -> Option<String> {
    match page.pointer(&pointer(path))? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(known, _)| known != name)
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
    url
}

/// The target of the link whose relation is `next`.
fn link_next(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
        let mut rest = value;
        // A comma inside `<…>` does not part two links.
        while let Some(open) = rest.find('<') {
            let (target, after) = rest[open + 1..].split_once('>')?;
            let end = after.find(",<").or_else(|| after.find(", <")).unwrap_or(after.len());
            let is_next = after[..end].split(';').any(|parameter| {
                parameter.trim().split_once('=').is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("rel")
                        && value
                            .trim()
                            .trim_matches('"')
                            .split_whitespace()
                            .any(|rel| rel.eq_ignore_ascii_case("next"))
                })
            });
            if is_next {
                return Some(target.to_owned());
            }
            rest = &after[end..];
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_header_names_the_next_page() {
        let mut headers = HeaderMap::new();
        let value =
            "<https://api.example.com/a?ids=1,2&page=1>; rel=\"prev\", </a?page=3>; rel=\"last next\"";
        headers.insert(LINK, value.parse().unwrap());
        assert_eq!(link_next(&headers).as_deref(), Some("/a?page=3"));
        headers.insert(LINK, "<https://api.example.com/?page=9>; rel=last".parse().unwrap());
        assert_eq!(link_next(&headers), None);
    }
}
