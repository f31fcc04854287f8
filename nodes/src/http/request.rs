//! `http.request`: one call of another system, or all pages of a list.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use masar_engine::{Json, Output, StepError, manifest::Example};
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Map, json};

use super::{
    body::{self, BodyType},
    page::Pagination,
    reply::{self, ResponseType, Success},
};
use crate::{
    External, NodeType, Opened, ResolvedCall, World,
    declare::{any, boolean, choice, declare, example, group, integer, key_value, list, text},
    net::{Request, Response, Url, host_of, same_origin},
    node::invalid,
    world::Mask,
};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const CREDENTIALS: [&str; 3] = ["http_basic", "http_bearer", "http_header"];
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    query: Map<String, Json>,
    #[serde(default)]
    headers: Map<String, Json>,
    body_type: Option<BodyType>,
    #[serde(default)]
    body: Json,
    content_type: Option<String>,
    credential: Option<String>,
    pagination: Option<Pagination>,
    #[serde(default)]
    response: ResponseType,
    #[serde(default = "thirty_seconds")]
    timeout_ms: u64,
    #[serde(default = "five_mebibytes")]
    max_bytes: usize,
    #[serde(default = "yes")]
    follow_redirects: bool,
    #[serde(default = "success")]
    success: Vec<Json>,
}

fn get() -> String {
    "GET".to_owned()
}

fn thirty_seconds() -> u64 {
    30_000
}

fn five_mebibytes() -> usize {
    5 << 20
}

fn yes() -> bool {
    true
}

fn success() -> Vec<Json> {
    vec!["2xx".into()]
}

pub(crate) fn node() -> NodeType {
    declare(
        "http.request",
        "globe",
        [
            "HTTP request",
            "Calls another system by HTTP and gives its answer.",
            "طلب HTTP",
            "يستدعي نظامًا آخر عبر HTTP ويعيد جوابه.",
        ],
    )
    .parameters([
        choice(
            "method",
            METHODS.map(|method| [method, method, method]),
            ["Method", "What the other system shall do.", "الطريقة", "ما المطلوب من النظام الآخر."],
        )
        .default("GET"),
        text(
            "url",
            [
                "Address",
                "The whole address, with https:// in front.",
                "العنوان",
                "العنوان كاملًا ويبدأ بـ https://.",
            ],
        )
        .required()
        .not_empty()
        .sample("https://api.example.com/v1/leads"),
        key_value(
            "query",
            [
                "Query",
                "Names and values behind the question mark; a list repeats its name, null leaves it out.",
                "معاملات الاستعلام",
                "أسماء وقيم بعد علامة الاستفهام؛ القائمة تكرر الاسم، وnull يحذفه.",
            ],
        ),
        key_value(
            "headers",
            [
                "Headers",
                "Headers of the request. Passwords and keys belong into a credential.",
                "الترويسات",
                "ترويسات الطلب. كلمات المرور والمفاتيح مكانها بيانات الاعتماد.",
            ],
        ),
        choice(
            "body_type",
            [
                ["none", "No body", "بلا محتوى"],
                ["json", "JSON", "JSON"],
                ["form", "Form", "نموذج"],
                ["multipart", "Form with files", "نموذج مع ملفات"],
                ["raw", "As it is", "كما هو"],
            ],
            [
                "Kind of body",
                "How the body is written; without a choice JSON, where there is a body.",
                "نوع المحتوى",
                "كيف يُكتب المحتوى؛ إن لم يُحدد فهو JSON عند وجود محتوى.",
            ],
        ),
        any(
            "body",
            [
                "Body",
                "What is sent: any value for JSON; names and values for a form; a list of parts (name, value or base64, filename, content_type) for files; text or {\"base64\": …} as it is.",
                "المحتوى",
                "ما يُرسل: أي قيمة لـ JSON؛ أسماء وقيم للنموذج؛ قائمة أجزاء (name وvalue أو base64 وfilename وcontent_type) للملفات؛ نص أو {\"base64\": …} كما هو.",
            ],
        )
        .hint("code"),
        text(
            "content_type",
            [
                "Content type",
                "Of a body that is sent as it is.",
                "نوع الوسائط",
                "لمحتوى يُرسل كما هو.",
            ],
        )
        .sample("application/xml")
        .shown_if("body_type", ["raw"]),
        text(
            "credential",
            [
                "Credential",
                "By which the other system knows us.",
                "بيانات الاعتماد",
                "ما يعرفنا به النظام الآخر.",
            ],
        )
        .hint("credential"),
        group(
            "pagination",
            [
                choice(
                    "by",
                    [
                        ["link_header", "Link header", "ترويسة Link"],
                        ["next_url", "Address in the body", "عنوان في المحتوى"],
                        ["cursor", "Cursor in the body", "مؤشر في المحتوى"],
                        ["page", "Page number", "رقم الصفحة"],
                    ],
                    ["Next page by", "How the next page is found.", "الصفحة التالية عبر", "كيف نجد الصفحة التالية."],
                )
                .required(),
                text(
                    "items",
                    [
                        "Path to the list",
                        "Where in a page the list is, e.g. data.items; empty: the page is the list.",
                        "مسار القائمة",
                        "موضع القائمة في الصفحة، مثل data.items؛ إن تُرك فالصفحة هي القائمة.",
                    ],
                ),
                text(
                    "next",
                    [
                        "Path to the next",
                        "Where in a page the next address or cursor is.",
                        "مسار التالي",
                        "موضع العنوان أو المؤشر التالي في الصفحة.",
                    ],
                )
                .sample("meta.next"),
                text(
                    "parameter",
                    [
                        "Query parameter",
                        "That takes the page number or the cursor.",
                        "معامل الاستعلام",
                        "الذي يحمل رقم الصفحة أو المؤشر.",
                    ],
                )
                .sample("page"),
                integer(
                    "start",
                    0,
                    1_000_000,
                    ["First number", "Number of the first page.", "الرقم الأول", "رقم الصفحة الأولى."],
                )
                .default(1),
                integer(
                    "step",
                    1,
                    1_000_000,
                    [
                        "Step",
                        "How much the number grows; the page size, where it counts entries.",
                        "الخطوة",
                        "مقدار زيادة الرقم؛ حجم الصفحة إن كان يعد المدخلات.",
                    ],
                )
                .default(1),
                integer(
                    "max_pages",
                    1,
                    1_000,
                    ["Most pages", "Stops after so many.", "أقصى عدد صفحات", "يتوقف بعد هذا العدد."],
                )
                .default(10),
            ],
            [
                "Pages",
                "Reads a list that comes in pages to its end; the output's body is the whole list.",
                "الصفحات",
                "يقرأ قائمة مقسمة إلى صفحات حتى آخرها؛ ومحتوى الناتج هو القائمة كاملة.",
            ],
        ),
        choice(
            "response",
            [
                ["auto", "By its type", "حسب نوعه"],
                ["json", "JSON", "JSON"],
                ["text", "Text", "نص"],
                ["binary", "Bytes (base64)", "بايتات (base64)"],
                ["none", "Not at all", "لا يُقرأ"],
            ],
            ["Read the answer as", "How the answer's body is read.", "قراءة الجواب", "كيف يُقرأ محتوى الجواب."],
        )
        .default("auto"),
        integer(
            "timeout_ms",
            100,
            600_000,
            [
                "Time limit (ms)",
                "Longest time of the request with its redirects.",
                "المهلة (ملّي ثانية)",
                "أطول مدة للطلب مع تحويلاته.",
            ],
        )
        .default(30_000),
        integer(
            "max_bytes",
            1,
            52_428_800,
            [
                "Size limit (bytes)",
                "Largest answer; for pages all of them together.",
                "حد الحجم (بايت)",
                "أكبر جواب؛ ومع الصفحات مجموعها.",
            ],
        )
        .default(5_242_880),
        boolean(
            "follow_redirects",
            [
                "Follow redirects",
                "At most five; the credential stays with its own host.",
                "اتباع التحويلات",
                "خمسة على الأكثر؛ وتبقى بيانات الاعتماد مع مضيفها.",
            ],
        )
        .default(true),
        list(
            "success",
            [
                "Statuses that are a success",
                "Numbers (404) and classes (\"2xx\"); every other status is an error.",
                "حالات النجاح",
                "أرقام (404) وفئات (\"2xx\")؛ وما عداها خطأ.",
            ],
        )
        .default(json!(["2xx"])),
    ])
    .output([
        integer("status", 100, 599, ["Status", "The HTTP status.", "الحالة", "حالة HTTP."]).required(),
        key_value("headers", ["Headers", "By lower-case name.", "الترويسات", "بأسماء صغيرة الأحرف."]).required(),
        any("body", ["Body", "The answer, or the whole list.", "المحتوى", "الجواب أو القائمة كاملة."]),
        text("url", ["Address", "After redirects, without query.", "العنوان", "بعد التحويلات وبلا استعلام."]).required(),
        integer("pages", 1, 1_000, ["Pages", "How many were read.", "الصفحات", "عدد ما قُرئ منها."]),
        boolean(
            "complete",
            ["Complete", "Whether the list was read to its end.", "مكتملة", "هل قُرئت القائمة حتى آخرها."],
        ),
    ])
    .credential("credential", CREDENTIALS, false)
    .search(["api", "rest", "webhook out", "fetch", "curl", "واجهة", "استدعاء", "ربط"])
    .example(Example {
        trigger: json!({"body": {"name": "نورة القحطاني", "phone": "+966501234567"}}),
        ..example(
            "Hands a lead over to another system",
            json!({
                "method": "POST",
                "url": "https://api.example.com/v1/leads",
                "credential": "partner_api",
                "body_type": "json",
                "body": {"name": {"$expr": "trigger.body.name"}, "phone": {"$expr": "trigger.body.phone"}}
            }),
        )
    })
    .example(example(
        "Reads all orders, page by page",
        json!({
            "url": "https://api.example.com/v1/orders",
            "query": {"status": "paid"},
            "pagination": {"by": "page", "items": "data", "parameter": "page", "max_pages": 50}
        }),
    ))
    .external(HttpRequest)
}

struct HttpRequest;

#[async_trait]
impl External for HttpRequest {
    async fn run(&self, world: &World, call: &ResolvedCall) -> Result<Output, StepError> {
        let parameters: Parameters = call.parameters()?;
        let mut mask = Mask::default();
        let result = send(world, call, parameters, &mut mask).await;
        match result {
            Ok(mut output) => {
                mask.json(&mut output);
                Ok(Output::out(output))
            }
            Err(error) => Err(mask.error(error)),
        }
    }
}

async fn send(
    world: &World,
    call: &ResolvedCall,
    parameters: Parameters,
    mask: &mut Mask,
) -> Result<Json, StepError> {
    let method = method(&parameters.method)?;
    let success = Success::read(&parameters.success)?;
    let url = body::url(&parameters.url, &parameters.query)?;
    let mut headers = body::headers(&parameters.headers)?;
    let kind = parameters.body_type.unwrap_or(if parameters.body.is_null() {
        BodyType::None
    } else {
        BodyType::Json
    });
    let sent = body::body(
        kind,
        &parameters.body,
        parameters.content_type.as_deref(),
        &call.idempotency_key,
        &mut headers,
    )?;
    let mut request = Request {
        method,
        headers,
        body: sent,
        timeout: Duration::from_millis(parameters.timeout_ms.min(world.limits.request_ms)),
        max_bytes: parameters.max_bytes.min(world.limits.response_bytes),
        follow: parameters.follow_redirects,
        ..Request::new(Method::GET, url)
    };
    if let Some(name) = &parameters.credential {
        let credential = world.vault.open(call.workspace, name, &CREDENTIALS).await?;
        authorise(&mut request, &credential, mask)?;
    }
    let own_key = request.headers.contains_key(IDEMPOTENCY_KEY);
    let exchange = async |mut request: Request, page: u32| -> Result<Response, StepError> {
        if !own_key {
            // Each page is a request of its own, and each attempt of it the same one.
            let key = &call.idempotency_key;
            let key = if page == 1 { key.clone() } else { format!("{key}/page-{page}") };
            let key = HeaderValue::from_str(&key).map_err(|_| {
                StepError::new("http.key", "the idempotency key is not plain text").permanent()
            })?;
            request.headers.insert(IDEMPOTENCY_KEY, key);
        }
        let response = world.http.send(request).await?;
        if success.holds(response.status) { Ok(response) } else { Err(reply::failure(&response, call.now)) }
    };

    let Some(pagination) = &parameters.pagination else {
        let response = exchange(request, 1).await?;
        return Ok(json!({
            "status": response.status.as_u16(),
            "headers": reply::headers(&response.headers),
            "url": reply::shown_url(&response),
            "body": reply::body(parameters.response, &response)?,
        }));
    };

    let most = pagination.max_pages.clamp(1, world.limits.pages);
    let first = request.url.clone();
    request.url = pagination.first(&first);
    let (mut items, mut page) = (Vec::new(), 1);
    loop {
        let response = exchange(request.clone(), page).await?;
        request.max_bytes = request.max_bytes.saturating_sub(response.body.len());
        let mut value = reply::body(ResponseType::Json, &response)?;
        // The list is taken out first: the next address is looked for in what is left.
        let found = pagination.items(&mut value)?;
        let next = pagination.next(&request.url, &response.headers, &value, page, found.is_empty())?;
        items.extend(found);
        let complete = next.is_none();
        match next.filter(|_| page < most) {
            Some(next) => {
                if !same_origin(&first, &next) {
                    for name in std::mem::take(&mut request.sensitive) {
                        request.headers.remove(name);
                    }
                }
                request.url = next;
                page += 1;
            }
            None => {
                return Ok(json!({
                    "status": response.status.as_u16(),
                    "headers": reply::headers(&response.headers),
                    "url": reply::shown_url(&response),
                    "body": items,
                    "pages": page,
                    "complete": complete,
                }));
            }
        }
    }
}

fn method(name: &str) -> Result<Method, StepError> {
    let name = name.to_ascii_uppercase();
    if !METHODS.contains(&name.as_str()) {
        return Err(invalid("method", format!("`{name}` is not possible; there are {}", METHODS.join(", "))));
    }
    Method::from_bytes(name.as_bytes()).map_err(|_| invalid("method", "this is not a method"))
}

/// Puts the credential into the request, if the credential is for its host.
fn authorise(request: &mut Request, credential: &Opened, mask: &mut Mask) -> Result<(), StepError> {
    check_host(credential, &request.url)?;
    let (name, text) = match credential.kind.as_str() {
        "http_basic" => {
            let (username, password) =
                (credential.need("username")?, credential.get("password").unwrap_or(""));
            let pair = BASE64_STANDARD.encode(format!("{username}:{password}"));
            mask.add(password);
            mask.add(&pair);
            (AUTHORIZATION, format!("Basic {pair}"))
        }
        "http_bearer" => {
            let token = credential.need("token")?;
            mask.add(token);
            (AUTHORIZATION, format!("Bearer {token}"))
        }
        _ => {
            let (name, value) = (credential.need("name")?, credential.need("value")?);
            mask.add(value);
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| invalid("credential", "the credential's `name` is not the name of a header"))?;
            (name, value.to_owned())
        }
    };
    let mut value = HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| invalid("credential", "the credential holds a line break or control character"))?;
    value.set_sensitive(true);
    request.headers.insert(name.clone(), value);
    request.sensitive.push(name);
    Ok(())
}

fn check_host(credential: &Opened, url: &Url) -> Result<(), StepError> {
    let Some(hosts) = credential.get("hosts") else { return Ok(()) };
    let host = host_of(url).to_lowercase();
    let fits = |rule: &str| match rule.trim().to_lowercase().strip_prefix("*.") {
        Some(rest) => host.strip_suffix(rest).is_some_and(|rest| rest.ends_with('.')),
        None => host == rule.trim().to_lowercase(),
    };
    if hosts.split(',').any(fits) {
        return Ok(());
    }
    Err(StepError::new("credential.host", format!("the credential is not for {host}, but for {hosts}"))
        .permanent())
}
