//! The kinds of rows that an id can name, each with how it is made over HTTP.

/// A kind of row. In paths, bodies and values, `<id>` is the number of the row, `<name>` a name that
/// no other row has, and `<number>` the digits in it.
pub struct Kind {
    /// Where it is created, by whoever may; who creates it owns it.
    pub path: &'static str,
    pub body: &'static str,
    /// What its owner does with it before anybody else comes: method, path, body.
    pub then: &'static [(&'static str, &'static str, &'static str)],
    /// Where all of it can be read.
    pub reads: &'static [&'static str],
    /// What names it: an id, a name, a stream of the log. Lists are asked for each of them.
    pub values: &'static [&'static str],
    /// Whether every user of its tenant sees it.
    pub is_shared: bool,
    /// Whether only an administrator makes such rows, and owns them then.
    pub is_of_boss: bool,
    /// Whether whoever makes one chooses its id, a text.
    pub is_named: bool,
}

/// A row that was made, or (`nobody`) one that never was.
#[derive(Clone, Copy)]
pub struct Made {
    pub kind: &'static Kind,
    pub id: u32,
    pub number: u32,
}

impl Made {
    /// A template with the values of this row.
    pub fn fill(&self, template: &str) -> String {
        let (id, number) = (self.id.to_string(), self.number.to_string());
        let name = format!("only-ours-{number}");
        // Each row has a document of its own: the same one again would change nothing.
        let document = tests::documents::url(&format!("of-{number}"));
        let next = tests::documents::url(&format!("next-of-{number}"));
        let template = template.replace("<document>", &document).replace("<next>", &next);
        template.replace("<id>", &id).replace("<name>", &name).replace("<number>", &number)
    }

    /// A row of the same kind that there never was.
    pub fn nobody(&self) -> Self {
        Self { kind: self.kind, id: 999_999, number: 99_999 }
    }
}

pub const ALL: [&Kind; 11] = [
    &RESOURCE,
    &SCOPE,
    &IDENTITY_RESOURCE,
    &CLIENT,
    &USER,
    &ROLE,
    &TENANT,
    &PRODUCT,
    &AUTH_SERVER,
    &SUBSCRIPTION,
    &GATEWAY,
];

/// Where rows are created by bodies that have no member `id`.
pub const WITHOUT_ID: [&str; 2] = ["/api/Subscription", "/api/Gateway"];

/// Published, with a second revision.
pub const RESOURCE: Kind = Kind {
    path: "/api/ApiResource",
    body: r#"{"name":"<name>","displayName":"<name>","scopes":[{"scope":"<name>.read"}]}"#,
    then: &[
        ("PUT", "/api/ApiResource/<id>/Publish", PUBLICATION),
        ("POST", "/api/ApiResource/<id>/PublishRevision", REVISION),
    ],
    reads: &[
        "/api/ApiResource/<id>",
        "/api/ApiResource/<id>/PublishConfiguration",
        "/api/ApiResource/<id>/Versions",
    ],
    values: &["<id>", "<name>", "resource-<id>"],
    is_shared: false,
    is_of_boss: false,
    is_named: false,
};

pub const PUBLICATION: &str = r#"{"apiId":"<id>","suffix":"s<number>","swaggerUrl":"<document>"}"#;
pub const REVISION: &str = r#"{"apiId":"<id>","swaggerUrl":"<next>"}"#;

pub const SCOPE: Kind = Kind {
    path: "/api/ApiScope",
    body: r#"{"name":"<name>"}"#,
    then: &[],
    reads: &["/api/ApiScope/<id>"],
    values: &["<id>", "<name>", "api_scope-<id>"],
    is_shared: true,
    is_of_boss: false,
    is_named: false,
};

pub const IDENTITY_RESOURCE: Kind = Kind {
    path: "/api/IdentityResource",
    body: r#"{"name":"<name>"}"#,
    then: &[],
    reads: &["/api/IdentityResource/<id>"],
    values: &["<id>", "<name>", "identity_resource-<id>"],
    is_shared: true,
    is_of_boss: false,
    is_named: false,
};

pub const CLIENT: Kind = Kind {
    path: "/api/Client",
    body: r#"{"clientId":"<name>","clientName":"<name>","clientSecrets":[{"value":"a-hash"}]}"#,
    then: &[],
    reads: &["/api/Client/<id>"],
    values: &["<id>", "<name>", "client-<id>", "client-<name>"],
    is_shared: false,
    is_of_boss: false,
    is_named: false,
};

/// Whom ann creates stands below her: she sees it, and other users do not.
pub const USER: Kind = Kind {
    path: "/api/User",
    body: r#"{"userName":"<name>","phoneNumber":"555 <number>","email":"<name>@example.org"}"#,
    then: &[],
    reads: &["/api/User/<id>"],
    values: &["<id>", "<name>", "555 <number>", "<name>@example.org", "user-<id>"],
    is_shared: false,
    is_of_boss: false,
    is_named: false,
};

pub const ROLE: Kind = Kind {
    path: "/api/Role",
    body: r#"{"name":"<name>"}"#,
    then: &[],
    reads: &["/api/Role/<id>"],
    values: &["<id>", "<name>", "role-<id>"],
    is_shared: true,
    is_of_boss: false,
    is_named: false,
};

/// Shown to administrators only, as long as it is not published.
pub const PRODUCT: Kind = Kind {
    path: "/api/ApiResource/Products",
    body: r#"{"id":"<name>","name":"<name>"}"#,
    then: &[],
    reads: &["/api/ApiResource/Products/<name>"],
    values: &["<name>", "product-<id>"],
    is_shared: false,
    is_of_boss: true,
    is_named: true,
};

pub const AUTH_SERVER: Kind = Kind {
    path: "/api/ApiResource/AuthServers",
    body: r#"{"id":"<name>","name":"<name>","clientSecret":"a-secret"}"#,
    then: &[],
    reads: &["/api/ApiResource/AuthServers/<name>"],
    values: &["<name>", "auth_server-<id>"],
    is_shared: true,
    is_of_boss: true,
    is_named: true,
};

/// Only administrators of the first tenant make tenants: the others are strangers to them.
pub const TENANT: Kind = Kind {
    path: "/api/Tenant",
    body: r#"{"name":"<name>","hosts":[{"hostName":"<name>.example"}]}"#,
    then: &[],
    reads: &["/api/Tenant/<id>"],
    values: &["<id>", "<name>", "<name>.example", "tenant-<id>"],
    is_shared: false,
    is_of_boss: true,
    is_named: false,
};

/// A published product of the first tenant that approves at once, and one that does not.
pub const OPEN_PRODUCT: &str = "open-to-all";
pub const ASKED_FOR_PRODUCT: &str = "asked-for";

pub const SUBSCRIPTION: Kind = Kind {
    path: "/api/Subscription",
    body: r#"{"productId":"open-to-all","name":"<name>"}"#,
    then: &[],
    reads: &["/api/Subscription/<id>"],
    values: &["<id>", "<name>", "subscription-<id>"],
    is_shared: false,
    is_of_boss: false,
    is_named: false,
};

/// What an administrator decides on, though it is the user's.
pub const SUBMITTED: Kind =
    Kind { body: r#"{"productId":"asked-for","name":"<name>"}"#, is_of_boss: true, ..SUBSCRIPTION };

/// The same, after it was approved.
pub const APPROVED: Kind = Kind { is_of_boss: true, ..SUBSCRIPTION };

/// There is no page of one gateway.
pub const GATEWAY: Kind = Kind {
    path: "/api/Gateway",
    body: r#"{"name":"<name>"}"#,
    then: &[],
    reads: &["/api/Gateway"],
    values: &["<name>", "gateway-<id>"],
    is_shared: false,
    is_of_boss: true,
    is_named: false,
};
