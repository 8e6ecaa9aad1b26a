//! What the members of OpenAPI documents hold.

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// An object of the document, a list of some, or a name.
    Parts,
    /// Objects by names, or a list of objects.
    Named,
    /// Objects by names, and extensions beside them.
    NamedOrExtensions,
    /// Path items by paths.
    Paths,
    /// Objects by media types.
    Content,
    /// Requirements: lists of names by names.
    Security,
    /// Names or references by names.
    Mapping,
    /// Texts by names.
    Scopes,
    /// Servers.
    Servers,
    /// A text for people.
    Text,
    /// An object of texts for people, such as who to ask.
    Texts,
    /// The address of pages elsewhere.
    Pages,
    /// The name of an operation.
    OperationId,
    /// An address.
    Address,
    /// Media types: a list, or in one text with commas.
    MediaTypes,
    /// A reference.
    Reference,
    /// A list of values, or a value, of which all must be plain.
    Values,
    /// A regular expression.
    Pattern,
    /// The name of a parameter.
    Parameter,
    /// Numbers or flags: something else is left out.
    Numbers,
}

/// What a member of an object of the document holds; `None` if it is left out.
pub(super) fn holds(name: &str) -> Option<Holds> {
    Some(match name {
        "title" | "description" | "summary" | "termsOfService" => Holds::Text,
        "contact" | "license" => Holds::Texts,
        "externalDocs" => Holds::Pages,
        "paths" => Holds::Paths,
        "content" => Holds::Content,
        "security" => Holds::Security,
        "mapping" => Holds::Mapping,
        "scopes" => Holds::Scopes,
        "servers" => Holds::Servers,
        "operationId" => Holds::OperationId,
        "$ref" => Holds::Reference,
        "enum" | "const" | "default" => Holds::Values,
        "pattern" => Holds::Pattern,
        "multipleOf" | "maximum" | "exclusiveMaximum" | "minimum" | "exclusiveMinimum"
        | "maxLength" | "minLength" | "maxItems" | "minItems" | "uniqueItems" | "maxProperties"
        | "minProperties" | "minContains" | "maxContains" | "nullable" | "readOnly"
        | "writeOnly" | "deprecated" | "allowEmptyValue" | "allowReserved" | "explode"
        | "attribute" | "wrapped" => Holds::Numbers,
        "consumes" | "produces" | "contentType" | "contentMediaType" => Holds::MediaTypes,
        "host"
        | "basePath"
        | "namespace"
        | "authorizationUrl"
        | "tokenUrl"
        | "refreshUrl"
        | "deviceAuthorizationUrl"
        | "openIdConnectUrl"
        | "oauth2MetadataUrl" => Holds::Address,
        "responses" => Holds::NamedOrExtensions,
        "parameters"
        | "properties"
        | "schemas"
        | "definitions"
        | "$defs"
        | "headers"
        | "requestBodies"
        | "securitySchemes"
        | "securityDefinitions"
        | "pathItems"
        | "mediaTypes"
        | "encoding"
        | "dependentSchemas"
        | "additionalOperations" => Holds::Named,
        it if is_part(it) => Holds::Parts,
        _ => return None,
    })
}

/// Members that hold objects, names, numbers or flags.
fn is_part(name: &str) -> bool {
    is_of_documents(name) || is_of_schemas(name)
}

fn is_of_documents(name: &str) -> bool {
    matches!(
        name,
        "openapi" | "swagger" | "info" | "version" | "schemes" | "components" | "tags" | "name" | "in"
            | "required" | "style"
            | "schema" | "requestBody" | "collectionFormat" | "parent" | "kind"
            // Methods.
            | "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace" | "query"
            // Security.
            | "scheme" | "bearerFormat" | "flow" | "flows" | "implicit" | "password"
            | "clientCredentials" | "authorizationCode" | "deviceAuthorization" | "application"
            | "accessCode"
            // Parts of a body, one after the other.
            | "itemSchema" | "itemEncoding" | "prefixEncoding"
    )
}

fn is_of_schemas(name: &str) -> bool {
    matches!(
        name,
        "type"
            | "format"
            | "items"
            | "prefixItems"
            | "allOf"
            | "oneOf"
            | "anyOf"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "additionalProperties"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "propertyNames"
            | "discriminator"
            | "propertyName"
            | "defaultMapping"
            | "xml"
            | "prefix"
            | "nodeType"
            | "contentEncoding"
            | "contentSchema"
    )
}
