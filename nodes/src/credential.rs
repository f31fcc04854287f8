//! The types of credential: which fields each has and which of them are secret. Not here: how they
//! are sealed and kept. Read by the vault (to check), the API and the editor (to build the form).

use serde::Serialize;

/// A type of credential.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CredentialType {
    /// Its name, e.g. `smtp`.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// Name of the Lucide icon.
    pub icon: &'static str,
    /// What people call it, in English.
    pub en: &'static str,
    /// In Arabic.
    pub ar: &'static str,
    /// Its fields in the order of the form.
    pub fields: &'static [CredentialField],
}

/// A field of a credential.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CredentialField {
    /// Its name.
    pub name: &'static str,
    /// What it is called, in English.
    pub en: &'static str,
    /// In Arabic.
    pub ar: &'static str,
    /// Whether it is never shown again.
    pub secret: bool,
    /// Whether the credential is of no use without it.
    pub required: bool,
    /// The values that are possible; empty means any.
    pub choices: &'static [&'static str],
    /// An example of what is written here.
    pub example: &'static str,
}

const fn field(
    name: &'static str,
    en: &'static str,
    ar: &'static str,
    example: &'static str,
) -> CredentialField {
    CredentialField { name, en, ar, secret: false, required: true, choices: &[], example }
}

const fn secret(field: CredentialField) -> CredentialField {
    CredentialField { secret: true, ..field }
}

const fn optional(field: CredentialField) -> CredentialField {
    CredentialField { required: false, ..field }
}

const HOSTS: CredentialField = optional(field(
    "hosts",
    "Only for these hosts (comma between them)",
    "لهذه المضيفات فقط (تفصل بينها فاصلة)",
    "api.example.com, *.example.sa",
));

/// Every type, in the order of the menu.
pub const TYPES: [CredentialType; 6] = [
    CredentialType {
        name: "smtp",
        icon: "mail",
        en: "Mail server (SMTP)",
        ar: "خادم بريد (SMTP)",
        fields: &[
            field("host", "Host", "المضيف", "smtp.example.sa"),
            optional(field("port", "Port", "المنفذ", "587")),
            CredentialField {
                choices: &["starttls", "tls", "none"],
                ..optional(field("security", "Security", "الحماية", "starttls"))
            },
            optional(field("username", "User name", "اسم المستخدم", "hello@example.sa")),
            optional(secret(field("password", "Password", "كلمة المرور", ""))),
            optional(field("from", "Sender", "المرسل", "متجر المسار <hello@example.sa>")),
            optional(field(
                "ca_certificate",
                "Certificate of an own authority (PEM)",
                "شهادة جهة إصدار خاصة (PEM)",
                "-----BEGIN CERTIFICATE-----",
            )),
        ],
    },
    CredentialType {
        name: "http_basic",
        icon: "user-lock",
        en: "User name and password (HTTP basic)",
        ar: "اسم مستخدم وكلمة مرور (HTTP basic)",
        fields: &[
            field("username", "User name", "اسم المستخدم", "api"),
            secret(field("password", "Password", "كلمة المرور", "")),
            HOSTS,
        ],
    },
    CredentialType {
        name: "http_bearer",
        icon: "key-round",
        en: "Token (HTTP bearer)",
        ar: "رمز وصول (HTTP bearer)",
        fields: &[secret(field("token", "Token", "الرمز", "")), HOSTS],
    },
    CredentialType {
        name: "http_header",
        icon: "key-square",
        en: "Key in a header",
        ar: "مفتاح في ترويسة",
        fields: &[
            field("name", "Header", "الترويسة", "X-Api-Key"),
            secret(field("value", "Value", "القيمة", "")),
            HOSTS,
        ],
    },
    CredentialType {
        name: "webhook_secret",
        icon: "shield-check",
        en: "Webhook secret",
        ar: "سر الويب هوك",
        // The second is for the time of a change, in which the other side may still use the old one.
        fields: &[
            secret(field("secret", "Secret", "السر", "")),
            secret(optional(field(
                "previous",
                "Previous secret (still taken while it is being changed)",
                "السر السابق (يظل مقبولًا أثناء التغيير)",
                "",
            ))),
        ],
    },
    CredentialType {
        name: "generic",
        icon: "lock",
        en: "Any secret",
        ar: "سر عام",
        fields: &[secret(field("value", "Value", "القيمة", ""))],
    },
];

/// The type of this name.
pub fn find(name: &str) -> Option<&'static CredentialType> {
    TYPES.iter().find(|kind| kind.name == name)
}
