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
        template.replace("<id>", &id).replace("<name>", &name).replace("<number>", &number)
    }

    /// A row of the same kind that there never was.
    pub fn nobody(&self) -> Self {
        Self { kind: self.kind, id: 999_999, number: 99_999 }
    }
}

pub const ALL: [&Kind; 7] = [&RESOURCE, &SCOPE, &IDENTITY_RESOURCE, &CLIENT, &USER, &ROLE, &TENANT];

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
};

pub const PUBLICATION: &str =
    r#"{"apiId":"<id>","suffix":"s<number>","swaggerUrl":"https://example.org/a.json"}"#;
pub const REVISION: &str = r#"{"apiId":"<id>","swaggerUrl":"https://example.org/a.json"}"#;

pub const SCOPE: Kind = Kind {
    path: "/api/ApiScope",
    body: r#"{"name":"<name>"}"#,
    then: &[],
    reads: &["/api/ApiScope/<id>"],
    values: &["<id>", "<name>", "api_scope-<id>"],
    is_shared: true,
    is_of_boss: false,
};

pub const IDENTITY_RESOURCE: Kind = Kind {
    path: "/api/IdentityResource",
    body: r#"{"name":"<name>"}"#,
    then: &[],
    reads: &["/api/IdentityResource/<id>"],
    values: &["<id>", "<name>", "identity_resource-<id>"],
    is_shared: true,
    is_of_boss: false,
};

pub const CLIENT: Kind = Kind {
    path: "/api/Client",
    body: r#"{"clientId":"<name>","clientName":"<name>","clientSecrets":[{"value":"a-hash"}]}"#,
    then: &[],
    reads: &["/api/Client/<id>"],
    values: &["<id>", "<name>", "client-<id>", "client-<name>"],
    is_shared: false,
    is_of_boss: false,
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
};

pub const ROLE: Kind = Kind {
    path: "/api/Role",
    body: r#"{"name":"<name>"}"#,
    then: &[],
    reads: &["/api/Role/<id>"],
    values: &["<id>", "<name>", "role-<id>"],
    is_shared: true,
    is_of_boss: false,
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
};
