//! The entities and their fields: one table, from which checking and documentation come.

/// An entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Entity {
    /// A person or a company.
    Contact = 0,
    /// Somebody's interest.
    Lead = 1,
    /// A sale in the making.
    Deal = 2,
    /// A request for help.
    Ticket = 3,
    /// Something to do.
    Task = 4,
    /// Something to remember.
    Note = 5,
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// An amount with at most two decimals.
    Money,
    /// RFC 3339.
    Moment,
    /// A phone number, kept as E.164.
    Phone,
    /// An address, kept in lower case.
    Email,
    /// True or false.
    Bool,
    /// The id of another record.
    Reference,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// A field of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether a new record needs it.
    pub required: bool,
    /// What a new record gets; "" means nothing.
    pub default: &'static str,
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, default: "" }
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true, default: "" }
}

const fn with_default(name: &'static str, kind: Kind, default: &'static str) -> Field {
    Field { name, kind, required: false, default }
}

const LEAD_STATUS: Kind = Kind::Choice(&["new", "contacted", "qualified", "unqualified", "converted"]);
const DEAL_STAGE: Kind = Kind::Choice(&["new", "qualified", "proposal", "negotiation", "won", "lost"]);
const TICKET_STATUS: Kind = Kind::Choice(&["open", "pending", "solved", "closed"]);
const PRIORITY: Kind = Kind::Choice(&["low", "normal", "high", "urgent"]);

const CONTACT: &[Field] = &[
    required("name", Kind::Text),
    field("phone", Kind::Phone),
    field("email", Kind::Email),
    field("company", Kind::Text),
    field("city", Kind::Text),
    with_default("language", Kind::Choice(&["ar", "en"]), "ar"),
];
const LEAD: &[Field] = &[
    required("title", Kind::Text),
    field("name", Kind::Text),
    field("phone", Kind::Phone),
    field("email", Kind::Email),
    field("contact", Kind::Reference),
    field("source", Kind::Text),
    with_default("status", LEAD_STATUS, "new"),
    field("budget", Kind::Money),
    field("city", Kind::Text),
    field("score", Kind::Integer),
    field("priority", Kind::Text),
];
const DEAL: &[Field] = &[
    required("title", Kind::Text),
    field("contact", Kind::Reference),
    with_default("stage", DEAL_STAGE, "new"),
    field("amount", Kind::Money),
    with_default("currency", Kind::Text, "SAR"),
    field("probability", Kind::Integer),
    field("expected_close", Kind::Moment),
    field("lost_reason", Kind::Text),
];
const TICKET: &[Field] = &[
    required("subject", Kind::Text),
    field("description", Kind::Text),
    field("contact", Kind::Reference),
    with_default("status", TICKET_STATUS, "open"),
    with_default("priority", PRIORITY, "normal"),
    field("channel", Kind::Text),
];
const TASK: &[Field] = &[
    required("title", Kind::Text),
    field("due_at", Kind::Moment),
    field("done", Kind::Bool),
    field("contact", Kind::Reference),
    field("related", Kind::Text),
];
const NOTE: &[Field] =
    &[required("body", Kind::Text), field("contact", Kind::Reference), field("related", Kind::Text)];

impl Entity {
    /// Every entity.
    pub const ALL: [Self; 6] = [Self::Contact, Self::Lead, Self::Deal, Self::Ticket, Self::Task, Self::Note];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Lead => "lead",
            Self::Deal => "deal",
            Self::Ticket => "ticket",
            Self::Task => "task",
            Self::Note => "note",
        }
    }

    /// By name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }

    /// Its fields.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Contact => CONTACT,
            Self::Lead => LEAD,
            Self::Deal => DEAL,
            Self::Ticket => TICKET,
            Self::Task => TASK,
            Self::Note => NOTE,
        }
    }

    /// The field whose moves are ruled and have an event of their own.
    pub fn moving_field(self) -> Option<&'static str> {
        match self {
            Self::Lead | Self::Ticket => Some("status"),
            Self::Deal => Some("stage"),
            Self::Contact | Self::Task | Self::Note => None,
        }
    }
}
