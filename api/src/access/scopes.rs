//! The built-in scopes and permissions, and which of them include which (spec sections 1.1 and
//! 6.3).

use domain::scope::EVERYTHING;

use crate::http::needs::Code;

/// With this scope a client reads the log of its tenant for itself.
pub(crate) const AUDIT_READ: &str = "audit.read";

/// The audience of tokens for this program's own API.
pub(crate) const BUILT_IN_AUDIENCE: &str = "oauthapp";

/// Both prefixes mean the same (spec section 1.1).
const PREFIXES: [&str; 2] = ["oauthapp.", "isms."];

impl Code {
    /// Whether a scope or permission includes this code: as the code itself, `user.all`, or `all`.
    pub(crate) fn is_covered_by(self, given: &str) -> bool {
        let Some(given) = PREFIXES.iter().find_map(|it| given.strip_prefix(it)) else {
            return false;
        };
        let controller = self.0.split('.').next().unwrap_or_default();
        given == "all"
            || given == self.0
            || given.strip_suffix(".all").is_some_and(|it| it == controller)
    }

    /// Whether a scope is this code itself, and nothing that includes it.
    pub(crate) fn is_named_by(self, given: &str) -> bool {
        PREFIXES.iter().any(|it| given.strip_prefix(it) == Some(self.0))
    }

    /// Whether a scope is of the same section, whatever it opens there.
    pub(crate) fn has_section_of(self, given: &str) -> bool {
        let code = PREFIXES.iter().find_map(|it| given.strip_prefix(it));
        let section = |it: &str| it.split('.').next().map(str::to_owned);
        code.is_some_and(|it| it.contains('.') && section(it) == section(self.0))
    }
}

/// Whether a permission grants all that another one grants.
pub(crate) fn covers(given: &str, other: &str) -> bool {
    if given == other {
        return true;
    }
    let code = |it| PREFIXES.iter().find_map(|prefix| str::strip_prefix(it, prefix));
    let (Some(given), Some(other)) = (code(given), code(other)) else { return false };
    let below = |it: &str| other.strip_prefix(it).is_some_and(|it| it.starts_with('.'));
    given == "all" || given == other || given.strip_suffix(".all").is_some_and(below)
}

/// Every code, by its controller (spec section 6.3), and our own; those of codes that no endpoint has
/// yet, too. That every endpoint's is here, a test sees to (`tests/http/endpoints.rs`).
const CODES: [(&str, &[&str]); 13] = [
    (
        "apiresource",
        &[
            "get",
            "post",
            "put",
            "detail",
            "delete",
            "publish",
            "publishrevision",
            "publishversion",
            "publishconfiguration",
            "versions",
            "setonlineversion",
            "authservers",
            "products",
            "releases",
            "postrelease",
            "putrelease",
            "deleterelease",
            "subscriptions",
            "verifyemail",
            "packages",
            "postpackages",
            "deletepackage",
            "putpackage",
            "history",
            "clients",
            "import",
            "owners",
            "breaking",
            "policy",
        ],
    ),
    ("apptoken", &["admin"]),
    ("apiscope", &["get", "post", "put", "detail", "delete"]),
    ("audit", &["get", "stream", "read"]),
    ("blob", &["get", "post", "image", "base64", "delete"]),
    (
        "client",
        &[
            "get",
            "post",
            "put",
            "detail",
            "delete",
            "issuetoken",
            "postsecretkey",
            "postsecret",
            "deletesecret",
            "owner",
        ],
    ),
    (
        "codegen",
        &[
            "get",
            "servers",
            "npmoptions",
            "putnpmoptions",
            "githuboptions",
            "putgithuboptions",
            "syncgithub",
            "commonoptions",
            "putcommonoptions",
            "releasesdk",
            "gen",
            "jobs",
        ],
    ),
    ("gateway", &["get", "post", "delete", "key"]),
    ("identityresource", &["get", "post", "put", "detail", "delete"]),
    ("role", &["get", "post", "put", "detail", "delete"]),
    (
        "subscription",
        &["get", "post", "detail", "delete", "approve", "reject", "suspend", "resume", "keys"],
    ),
    ("tenant", &["get", "post", "put", "detail", "delete"]),
    ("user", &["get", "post", "put", "distributors", "detail", "delete", "head", "erase"]),
];

/// Whether a scope is one of the program's own.
pub(crate) fn is_built_in(scope: &str) -> bool {
    let Some(code) = PREFIXES.iter().find_map(|it| scope.strip_prefix(it)) else { return false };
    let Some((controller, action)) = code.split_once('.') else { return code == "all" };
    CODES.iter().any(|(known, actions)| {
        *known == controller && (action == "all" || actions.contains(&action))
    })
}

/// Whether only an administrator lists a scope for a client: what it opens is not judged by the rights
/// of anybody.
pub(crate) fn is_for_administrators(scope: &str) -> bool {
    Code(AUDIT_READ).is_named_by(scope)
}

/// Whether two built-in scopes are one under both prefixes: `isms.user.get` and `oauthapp.user.get`.
pub(crate) fn is_twin(one: &str, other: &str) -> bool {
    let code = |it| PREFIXES.iter().find_map(|prefix| str::strip_prefix(it, prefix));
    code(one).is_some_and(|it| code(other) == Some(it))
}

/// All built-in scopes, under their current prefix.
pub(crate) fn built_in() -> Vec<String> {
    let mut scopes = vec![EVERYTHING.to_owned()];
    for (controller, actions) in CODES {
        scopes.push(format!("oauthapp.{controller}.all"));
        scopes.extend(actions.iter().map(|it| format!("oauthapp.{controller}.{it}")));
    }
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_covered_by_itself_its_controller_and_all() {
        let code = Code("user.get");
        for given in
            ["oauthapp.user.get", "oauthapp.user.all", "oauthapp.all", "isms.all", "isms.user.get"]
        {
            assert!(code.is_covered_by(given), "{given}");
        }
        for given in [
            "oauthapp.user",
            "oauthapp.users.all",
            "user.get",
            "oauthapp.role.all",
            "OAUTHAPP.all",
            "",
        ] {
            assert!(!code.is_covered_by(given), "{given}");
        }
    }

    #[test]
    fn a_code_is_named_by_itself_under_both_prefixes_and_by_nothing_else() {
        let code = Code(AUDIT_READ);
        for given in ["oauthapp.audit.read", "isms.audit.read"] {
            assert!(code.is_named_by(given) && is_for_administrators(given), "{given}");
        }
        for given in
            ["oauthapp.audit.all", "oauthapp.all", "audit.read", "oauthapp.audit.reads", "x", ""]
        {
            assert!(!code.is_named_by(given) && !is_for_administrators(given), "{given}");
        }
    }

    #[test]
    fn every_built_in_scope_is_known_as_such() {
        assert!(built_in().iter().all(|it| is_built_in(it)));
        assert!(is_built_in("isms.all"));
        assert!(!is_built_in("orders.all") && !is_built_in("oauthapp.orders.all"));
    }
}
