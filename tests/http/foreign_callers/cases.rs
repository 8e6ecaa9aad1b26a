//! The matrix as data: each member of a request that names a row, with the row and the request.

use super::kinds::{
    APPROVED, AUTH_SERVER, CLIENT, GATEWAY, IDENTITY_RESOURCE, Kind, PRODUCT, PUBLICATION,
    RESOURCE, REVISION, ROLE, SCOPE, SUBMITTED, SUBSCRIPTION, TENANT, USER,
};

/// One member of the requests of an operation that names a row.
pub struct Case {
    pub operation: &'static str,
    /// `path id`, `body id`, `body roles[].roleId`.
    pub member: &'static str,
    pub kind: &'static Kind,
    /// A template, as those of kinds. A member of the path is replaced by the id of the row.
    pub body: &'static str,
    /// Values of other members of the path; or of its member, for what is named by no id.
    pub path: &'static [(&'static str, &'static str)],
    /// Whether only administrators may send this member.
    pub is_for_administrators: bool,
    /// Whether every user of the tenant gets what the owner gets.
    pub is_shared: bool,
    /// Why everybody gets the same for every id, if no row is looked up.
    pub reads_no_row: Option<&'static str>,
}

const fn case(operation: &'static str, member: &'static str, kind: &'static Kind) -> Case {
    Case {
        operation,
        member,
        kind,
        body: "",
        path: &[],
        is_for_administrators: false,
        is_shared: kind.is_shared,
        reads_no_row: None,
    }
}

impl Case {
    const fn body(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    const fn path(self, path: &'static [(&'static str, &'static str)]) -> Self {
        Self { path, ..self }
    }

    const fn for_administrators(self) -> Self {
        Self { is_for_administrators: true, ..self }
    }

    const fn shared(self) -> Self {
        Self { is_shared: true, ..self }
    }

    const fn reads_no_row(self, why: &'static str) -> Self {
        Self { reads_no_row: Some(why), ..self }
    }
}

/// A client of ann, for calls that name a row of hers and a client.
pub const CLIENT_OF_ANN: &str = "client-of-ann";

/// In a path: the id of an API resource of whoever calls.
pub const OWN_RESOURCE: &str = "<own-resource>";

/// A package that every rule accepts.
const PACKAGE: &str = r#"{"name":"<name>","publisher":"p","link":"https://a.example/","icon":"https://a.example/i","packagePlatform":"npm","language":"go"}"#;

/// Options that every rule accepts.
const NPM_OPTIONS: &str =
    r#"{"name":"orders","sdkName":"Orders","homepage":"https://a.example/","token":"secret"}"#;

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    case("ApiResourceDetail", "path id", &RESOURCE),
    case("ApiResourcePut", "body id", &RESOURCE).body(r#"{"id":<id>,"name":"<name>"}"#),
    case("ApiResourceDelete", "path id", &RESOURCE),
    case("ApiResourceOwners", "path id", &RESOURCE),
    case("ApiResourcePutOwner", "path id", &RESOURCE).path(&[("userId", "2")]),
    case("ApiResourcePublish", "path id", &RESOURCE).body(PUBLICATION),
    case("ApiResourcePublishRevision", "path id", &RESOURCE).body(REVISION),
    case("ApiResourcePublishVersion", "path id", &RESOURCE).body(r#"{"revisionId":"<id>;rev=2","apiVersionName":"v2"}"#),
    case("ApiResourcePublishConfiguration", "path id", &RESOURCE),
    case("ApiResourceVersions", "path id", &RESOURCE),
    case("ApiResourceUnpublish", "path id", &RESOURCE),
    case("ApiResourceGateways", "path id", &RESOURCE),
    case("ApiResourcePutLifecycle", "path id", &RESOURCE).path(&[("apiId", "<id>")]).body(r#"{"deprecatedAt":"2026-01-01"}"#),
    case("ApiResourceVersionSet", "path id", &RESOURCE),
    case("ApiResourcePutVersionSet", "path id", &RESOURCE).body(r#"{"name":"n","scheme":"Header"}"#),
    case("ApiResourceRevisions", "path id", &RESOURCE),
    case("ApiResourceRevision", "path id", &RESOURCE).path(&[("revisionId", "<id>;rev=2")]),
    case("ApiResourceRevisionDiff", "path id", &RESOURCE).path(&[("revisionId", "<id>;rev=2")]),
    case("ApiResourceRollbackToRevision", "path id", &RESOURCE).path(&[("revisionId", "<id>;rev=2")]),
    case("ApiResourceRollback", "path id", &RESOURCE).body(r#"{"time":"2100-01-01","notes":"n"}"#),
    case("ApiResourcePutRevisionOnline", "path id", &RESOURCE).path(&[("revisionId", "<id>;rev=2")]).body(r#"{"online":false}"#),
    case("ApiResourceSetOnlineVersion", "path id", &RESOURCE).path(&[("revisionId", "<id>;rev=2")]),
    case("ApiResourcePostDocument", "path id", &RESOURCE).body(r#"{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{}}"#),
    case("ApiResourcePostRelease", "path id", &RESOURCE).body(r#"{"aid":"<id>;rev=2","notes":"n"}"#),
    case("ApiResourceSubscriptions", "path id", &RESOURCE),
    case("ApiResourceVerifyEmail", "path id", &RESOURCE).body(r#"{"email":"eve@shop.example"}"#),
    case("ApiResourcePutClient", "path id", &RESOURCE).path(&[("clientId", CLIENT_OF_ANN)]).body("{}"),
    case("ApiResourceDeleteClient", "path id", &RESOURCE).path(&[("clientId", CLIENT_OF_ANN)]),
    // An API may be opened to any client of its tenant.
    case("ApiResourcePutClient", "path clientId", &CLIENT).path(&[("id", OWN_RESOURCE), ("clientId", "<name>")]).body("{}").shared(),
    case("ApiResourceDeleteClient", "path clientId", &CLIENT).path(&[("id", OWN_RESOURCE), ("clientId", "<name>")]).shared(),
    case("ApiResourceAuthServer", "path serverId", &AUTH_SERVER).path(&[("serverId", "<name>")]),
    case("ApiResourcePutAuthServer", "path serverId", &AUTH_SERVER).path(&[("serverId", "<name>")]).body(r#"{"name":"changed"}"#),
    case("ApiResourceDeleteAuthServer", "path serverId", &AUTH_SERVER).path(&[("serverId", "<name>")]),
    case("ApiResourceProduct", "path productId", &PRODUCT).path(&[("productId", "<name>")]),
    case("ApiResourcePutProduct", "path productId", &PRODUCT).path(&[("productId", "<name>")]).body(r#"{"name":"changed"}"#),
    case("ApiResourceDeleteProduct", "path productId", &PRODUCT).path(&[("productId", "<name>")]),
    case("ApiScopePut", "body id", &SCOPE).body(r#"{"id":<id>,"displayName":"changed"}"#),
    case("ApiScopeDetail", "path id", &SCOPE),
    case("ApiScopeDelete", "path id", &SCOPE),
    case("ClientPut", "body id", &CLIENT).body(r#"{"id":<id>,"clientName":"changed"}"#),
    case("ClientDetail", "path id", &CLIENT),
    case("ClientDelete", "path id", &CLIENT),
    case("ClientPostSecret", "path id", &CLIENT).body("{}"),
    case("ClientDeleteSecret", "path id", &CLIENT).path(&[("secretId", "1")]),
    case("ClientPutOwner", "path id", &CLIENT).body(r#"{"userId":2}"#),
    case("ClientPostSecretkey", "path id", &CLIENT).body(r#"{"plaintext":"0123456789abcdef"}"#)
        .reads_no_row("it hashes what it is sent (spec section 5.4.7)"),
    case("GatewayDelete", "path id", &GATEWAY),
    case("GatewayPostKey", "path id", &GATEWAY).body("{}"),
    case("IdentityResourcePut", "body id", &IDENTITY_RESOURCE).body(r#"{"id":<id>,"displayName":"changed"}"#),
    case("IdentityResourceDetail", "path id", &IDENTITY_RESOURCE),
    case("IdentityResourceDelete", "path id", &IDENTITY_RESOURCE),
    case("RolePut", "body id", &ROLE).body(r#"{"id":<id>,"name":"changed","concurrencyStamp":"1"}"#),
    case("RoleDetail", "path id", &ROLE),
    case("RoleDelete", "path id", &ROLE),
    case("ApiResourcePackages", "path id", &RESOURCE).shared(),
    case("ApiResourcePostPackage", "path id", &RESOURCE).body(PACKAGE),
    case("ApiResourceDeletePackage", "path id", &RESOURCE).path(&[("packageId", "none")]),
    case("CodeGenPutNpmOptions", "path id", &RESOURCE).path(&[("language", "angular2")]).body(NPM_OPTIONS),
    case("CodeGenPutGithubOptions", "path id", &RESOURCE).body("{}"),
    case("CodeGenPutCommonOptions", "path id", &RESOURCE).body("{}"),
    case("CodeGenHistory", "path id", &RESOURCE),
    case("CodeGenPostHistory", "path id", &RESOURCE).body(r#"{"sdkName":"<name>","version":"1","language":"go"}"#),
    case("SubscriptionPost", "body productId", &PRODUCT).body(r#"{"productId":"<name>","name":"mine"}"#),
    case("SubscriptionDetail", "path id", &SUBSCRIPTION),
    case("SubscriptionDelete", "path id", &SUBSCRIPTION),
    case("SubscriptionPostKey", "path id", &SUBSCRIPTION).path(&[("which", "primary")]).body("{}"),
    case("SubscriptionApprove", "path id", &SUBMITTED),
    case("SubscriptionReject", "path id", &SUBMITTED).body("{}"),
    case("SubscriptionSuspend", "path id", &APPROVED).body("{}"),
    case("SubscriptionResume", "path id", &APPROVED).body("{}"),
    case("UserPost", "body parentUserID", &USER).body(r#"{"userName":"below","parentUserID":<id>}"#),
    case("UserPost", "body roles[].roleId", &ROLE).body(r#"{"userName":"with-role","roles":[{"roleId":<id>}]}"#).for_administrators(),
    case("UserPut", "body id", &USER).body(r#"{"id":<id>}"#).for_administrators(),
    case("UserDetail", "path id", &USER),
    case("UserDelete", "path id", &USER),
    case("UserErase", "path id", &USER),
    case("TenantPut", "body id", &TENANT).body(r#"{"id":<id>,"description":"changed"}"#),
    case("TenantDetail", "path id", &TENANT),
    case("TenantDelete", "path id", &TENANT),
];

/// Members that look like the id of a row and name none, or whose rows are tested elsewhere: the
/// operation, the member (`*` at its end stands for anything), why.
#[rustfmt::skip]
pub const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("ApiResourceAddSubscription", "path id", "the code must be one for it: tests/http/subscribers.rs"),
    ("ApiResourceDelSubscription", "path id", "the code must be one for it: tests/http/subscribers.rs"),
    ("ApiResourceDelSubscriptionOneClick", "path id", "the code must be one for it: tests/http/subscribers.rs"),
    ("ApiResourceDeleteSubscription", "path id", "needs a subscriber: tests/http/subscribers.rs"),
    ("ApiResourceDeleteSubscription", "path rowKey", "an address, looked up inside the row of the path"),
    ("ApiResourcePutOwner", "path userId", "whom one does not see is nobody: tests/http/api_resource_update.rs"),
    ("ApiResourceDeleteOwner", "path id", "the last owner stays, so nobody succeeds: tests/http/api_resource_update.rs"),
    ("ApiResourceDeleteOwner", "path userId", "looked up inside the row of the path"),
    ("ApiResourceImport", "body microServiceClientIDs", "names among one's own: tests/http/api_resource_import.rs"),
    ("ApiResourceReleases", "path id", "needs an apiId: tests/http/api_resource_releases.rs"),
    ("ApiResourceReleases", "query apiId", "looked up inside the row of the path"),
    ("ApiResourcePutRelease", "path id", "a release has a number of its own: tests/http/api_resource_releases.rs"),
    ("ApiResourcePutRelease", "path releaseId", "looked up inside the row of the path"),
    ("ApiResourceDeleteRelease", "path id", "a release has a number of its own: tests/http/api_resource_releases.rs"),
    ("ApiResourceDeleteRelease", "path releaseId", "looked up inside the row of the path"),
    ("ApiResourcePostAuthServer", "body clientId", "a name at that server"),
    ("ApiResourcePutAuthServer", "body id", "stays as it is: tests/http/products.rs"),
    ("ApiResourcePutProduct", "body id", "stays as it is: tests/http/products.rs"),
    ("ApiResourcePutAuthServer", "body clientId", "a name at that server"),
    ("ApiResourcePolicy", "no row", "of the whole tenant: tests/http/publishing.rs"),
    ("ApiResourceRetireVersion", "path id", "the first version stays: tests/http/publishing.rs"),
    ("ApiResourceRetireVersion", "path revisionId", "looked up inside the row of the path"),
    ("ApiResourcePutLifecycle", "path apiId", "looked up inside the row of the path"),
    ("ApiResourceRevisions", "query apiId", "looked up inside the row of the path"),
    ("ApiResourceRevision", "path revisionId", "looked up inside the row of the path"),
    ("ApiResourceRevisionDocument", "path id", "answers what it is, without a code: tests/http/publishing.rs"),
    ("ApiResourceRevisionDocument", "path revisionId", "looked up inside the row of the path"),
    ("ApiResourceRevisionDiff", "path revisionId", "looked up inside the row of the path"),
    ("ApiResourceRollbackToRevision", "path revisionId", "looked up inside the row of the path"),
    ("ApiResourceRollback", "body apiId", "looked up inside the row of the path"),
    ("ApiResourcePutRevisionOnline", "path revisionId", "looked up inside the row of the path"),
    ("ApiResourcePublish", "body documentId", "the hash of what it names: who has it has the document"),
    ("ApiResourcePublishRevision", "body documentId", "the hash of what it names: who has it has the document"),
    ("ApiResourcePublish", "body apiId", "must be one of the row of the path"),
    ("ApiResourcePublish", "body authorizationServerId", "a name at the gateway"),
    ("ApiResourcePublish", "body productIds", "names at the gateway"),
    ("ApiResourcePublishRevision", "body apiId", "must be one of the row of the path"),
    ("ApiResourcePublishVersion", "body revisionId", "looked up inside the row of the path"),
    ("ApiResourceSetOnlineVersion", "path revisionId", "looked up inside the row of the path"),
    ("ApiResourceDeletePackage", "path packageId", "looked up inside the row of the path"),
    ("ApiResourcePutPackage", "path *", "needs a package: tests/http/packages.rs"),
    ("CodeGenNpmOptions", "path *", "needs options: tests/http/codegen_options.rs"),
    ("CodeGenPutNpmOptions", "path language", "one of a few words"),
    ("CodeGenGithubOptions", "path id", "needs options: tests/http/codegen_options.rs"),
    ("CodeGenCommonOptions", "path id", "needs options: tests/http/codegen_options.rs"),
    ("CodeGenSyncGithub", "path id", "needs options: tests/http/codegen_options.rs"),
    ("CodeGenReleaseSDK", "body apiId", "needs a generator: tests/http/codegen_options.rs"),
    ("CodeGenPostJob", "body apiId", "needs a generator: tests/http/codegen_jobs.rs"),
    ("CodeGenClients", "no row", "generators, not rows: tests/sdks/generate.rs"),
    ("CodeGenServers", "no row", "generators, not rows: tests/sdks/generate.rs"),
    ("CodeGenJobs", "no row", "of jobs, which need a generator: tests/http/codegen_jobs.rs"),
    ("CodeGenJobFiles", "no row", "of jobs, which need a generator: tests/sdks/generate.rs"),
    ("CodeGenJob", "path jobId", "tests/http/codegen_jobs.rs"),
    ("CodeGenDeleteJob", "path jobId", "tests/http/codegen_jobs.rs"),
    ("CodeGenJobArtifact", "path jobId", "tests/http/codegen_jobs.rs"),
    ("CodeGenJobFiles", "path jobId", "tests/http/codegen_jobs.rs"),
    ("CodeGenJobFile", "path jobId", "tests/http/codegen_jobs.rs"),
    ("CodeGenJobLog", "path jobId", "tests/http/codegen_jobs.rs"),
    ("BlobGet", "no row", "of files, which no JSON makes: tests/http/blobs.rs"),
    ("BlobDelete", "path *", "a place, not an id: tests/http/blobs.rs"),
    ("BlobRead", "path *", "anybody may read a file on a host of its tenant: tests/http/blobs_read.rs"),
    ("SubscriptionPostKey", "path which", "one of two words"),
    ("ClientPost", "body includeJwtId", "a flag"),
    ("ClientPut", "body includeJwtId", "a flag"),
    ("ClientPut", "body clientId", "a name to be taken; unique in the installation"),
    ("ClientPutOwner", "body userId", "whom one does not see is nobody: tests/http/client_update.rs"),
    ("ClientDeleteSecret", "path secretId", "looked up inside the row of the path"),
    ("ClientPost", "body clientId", "a name to be taken; unique in the installation"),
    ("UserPut", "body roles[].roleId", "looked up in the tenant of the user: tests/http/user_update.rs"),
    ("UserPut", "body parentUserID", "never changes: tests/http/user_update.rs"),
    ("UserPut", "body typeIDs", "a text that is only kept"),
    ("UserPut", "body poolIDs", "a text that is only kept"),
    ("UserPut", "body tenants[].tenantId", "ignored"),
    ("UserPost", "body typeIDs", "a text that is only kept"),
    ("UserPost", "body poolIDs", "a text that is only kept"),
    ("UserPost", "body tenants[].tenantId", "ignored"),
    ("AuditEvents", "query after", "a place in the log, which is one for all tenants"),
    ("AuditEvents", "query tenant", "tests/http/audit.rs: another than the own one is 403, known or not"),
    ("AuditStream", "query *", "has no end; reads its query as AuditEvents does: tests/http/audit.rs"),
    ("UserRegister", "body refereeID", "nobody is shown; of another tenant is nobody: tests/http/user_register.rs"),
    ("UserDistributors", "query *", "a place in the hierarchy: tests/http/user_register.rs"),
    ("TenantPost", "body ownerUserId", "ignored: tests/http/tenant.rs"),
    ("TenantPost", "body claims[].appTenantId", "ignored"),
    ("TenantPost", "body hosts[].appTenantId", "ignored"),
    ("TenantPost", "body properties[].appTenantId", "ignored"),
    ("TenantPut", "body ownerUserId", "ignored: tests/http/tenant.rs"),
    ("TenantPut", "body claims[].appTenantId", "ignored"),
    ("TenantPut", "body hosts[].appTenantId", "ignored"),
    ("TenantPut", "body properties[].appTenantId", "ignored"),
    ("ConnectToken", "body *", "credentials: tests/http_connect/client_authentication.rs"),
    ("ConnectRevocation", "body *", "credentials: tests/http_connect/tokens.rs"),
    ("AppTokenAuthorize", "body *", "a credential: tests/http_app_token/tenants.rs"),
    ("AppTokenCheckToken", "body *", "a credential: tests/http_app_token/tenants.rs"),
    ("AppTokenGetLoginInfo", "body *", "a credential: tests/http_app_token/tenants.rs"),
    ("AppTokenLogin", "body *", "a credential: tests/http_app_token/tenants.rs"),
    ("AppTokenRefreshToken", "body *", "a credential: tests/http_app_token/tenants.rs"),
    ("AppTokenCreateOauth", "body *", "by name of the owner: tests/http_app_token/ownership.rs"),
    ("AppTokenCreateUser", "body *", "by name of the root: tests/http_app_token/ownership.rs"),
    ("AppTokenDeleteApp", "body *", "by name of the owner: tests/http_app_token/ownership.rs"),
    ("AppTokenGetAppList", "body *", "by name of the owner: tests/http_app_token/ownership.rs"),
    ("AppTokenGetUsers", "body *", "by name of the root: tests/http_app_token/ownership.rs"),
    ("AppTokenUpdateUser", "body *", "by name of the root: tests/http_app_token/ownership.rs"),
];

/// Whether an exception stands for this member of an operation.
pub fn is_exception(operation: &str, member: &str) -> bool {
    EXCEPTIONS.iter().any(|it| it.0 == operation && covers(it.1, member))
}

pub fn covers(pattern: &str, member: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => member.starts_with(start),
        None => pattern == member,
    }
}
