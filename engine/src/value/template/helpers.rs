//! What Handlebars is given: our functions as helpers, our printing, an output that ends.

use std::{io, sync::OnceLock};

use handlebars::{
    Context, Handlebars, Helper, HelperDef, Output, RenderContext, RenderError, RenderErrorReason, ScopedJson,
};

use super::{Escape, shown};
use crate::{
    Json,
    value::functions::{self, Function},
};

/// Prints a field. No author can write this name.
pub(super) const SHOW: &str = "masar show";
/// Handlebars' own blocks that templates may use.
pub(super) const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];
/// Handlebars' own helpers that templates may use, mostly inside `{{#if (…)}}`.
pub(super) const PLAIN: [&str; 10] = ["eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "lookup"];

/// A path that Handlebars did not find; explained where the context is at hand.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is missing")]
pub(super) struct Missing(pub(super) String);

/// One registry per escaping, for the life of the process.
pub(super) fn registry(escape: Escape) -> &'static Handlebars<'static> {
    static REGISTRIES: [OnceLock<Handlebars<'static>>; 4] = [const { OnceLock::new() }; 4];
    REGISTRIES[escape as usize].get_or_init(|| {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.register_escape_fn(move |text| escape.apply(text).into_owned());
        registry.unregister_helper("log");
        registry.unregister_helper("raw");
        for function in functions::registry() {
            registry.register_helper(function.name, Box::new(FunctionHelper(function)));
        }
        registry.register_helper(SHOW, Box::new(Show));
        registry
    })
}

fn nested(error: impl std::error::Error + Send + Sync + 'static) -> RenderError {
    RenderErrorReason::NestedError(Box::new(error)).into()
}

struct Show;

impl HelperDef for Show {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let Some(field) = helper.param(0) else { return Ok(ScopedJson::Derived(Json::Null)) };
        let name = field.relative_path().map_or("the literal", String::as_str);
        if field.is_value_missing() {
            return Err(nested(Missing(name.to_owned())));
        }
        let text = shown(field.value(), name).map_err(nested)?.into_owned();
        Ok(ScopedJson::Derived(Json::String(text)))
    }
}

struct FunctionHelper(&'static Function);

impl HelperDef for FunctionHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let mut arguments = Vec::with_capacity(helper.params().len());
        for parameter in helper.params() {
            if parameter.is_value_missing() && !self.0.takes_missing() {
                return Err(nested(Missing(parameter.relative_path().cloned().unwrap_or_default())));
            }
            arguments.push(parameter.value().clone());
        }
        self.0.call(&arguments).map(ScopedJson::Derived).map_err(nested)
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> handlebars::HelperResult {
        let value = self.call_inner(helper, registry, context, render)?;
        let text = shown(value.as_json(), self.0.name).map_err(nested)?;
        let escaped =
            if render.is_disable_escape() { text.into_owned() } else { registry.get_escape_fn()(&text) };
        Ok(output.write(&escaped)?)
    }
}

/// Text up to a size; the write that would pass it fails.
pub(super) struct Bounded {
    text: String,
    limit: usize,
    full: bool,
}

impl Bounded {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), limit, full: false }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Output for Bounded {
    fn write(&mut self, text: &str) -> Result<(), io::Error> {
        if self.text.len() + text.len() > self.limit {
            self.full = true;
            return Err(io::Error::other("output limit"));
        }
        self.text.push_str(text);
        Ok(())
    }
}
