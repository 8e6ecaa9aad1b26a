//! Reads OpenAPI documents of others, and tells what differs between two of them.
//!
//! Everything here is pure and runs on the caller's thread, which may be busy for a while: a document
//! of 10 MB takes some 100 ms to read as JSON, a second as YAML, and some 100 ms to compare.
//!
//! # Reading
//!
//! [`read`] takes JSON (the first character that is not blank is `{`) or YAML, and documents of
//! OpenAPI 2.0, 3.0, 3.1 and 3.2. What is refused is named by a [`Reason`] and by places with the rules
//! they break, [`PROBLEM_RULES`]. The limits stand beside them: [`BYTES_MAX`], [`JSON_DEPTH_MAX`],
//! [`YAML_DEPTH_MAX`], [`NODES_MAX`], [`PATHS_MAX`],
//! [`OPERATIONS_MAX`], [`SCHEMAS_MAX`].
//!
//! - Keys that stand twice, YAML merge keys, and tags that YAML does not define itself are refused.
//!   `!!str` and its like on a value of that type are taken.
//! - A `$ref` leads to a place in the document by `#/…`, wherever it stands: also in examples and
//!   extensions, because tools that are given the document may follow it. So do `operationRef`,
//!   `$dynamicRef`, and values of a discriminator's mapping that look like addresses or files.
//! - Strict documents are held to one grammar for all versions. The models of the crates `openapiv3`
//!   and `oas3` are not asked: the first took a minute of every release build and loses the place, the
//!   second makes `serde_json` keep the order of members in the whole program.
//! - Documents of 2.0 are lifted to 3.0. Pointers lead into the document as it was read where its parts
//!   were only moved; a body or a form is where the lifted document has it, below its operation.
//!
//! # Comparing
//!
//! [`compare()`] brings both documents to one normal form: operations by method and path without the
//! names of parameters; parameters by place and name; schemas by what they and all that `allOf` and
//! references bring demand together, with `null` as a type and `const` as a list of one value. `oneOf`
//! or `anyOf` with one member is that member; with one member and `null`, that member or `null`.
//!
//! Schemas are read as the version of their document reads them: `nullable` and what is exclusive by
//! `true` are words of 3.0, which ignores what stands beside a `$ref`. That such words changed where
//! they mean nothing is `keyword-changed`.
//!
//! Pairs of schemas are compared once for each direction they are sent in, so that circles end. A
//! change is told once, with the operations through which it was reached. What differs and is not in
//! the table is risky, never compatible: `member-changed`, `keyword-changed`, `not-compared`. A report
//! has at most [`REPORT_BYTES_MAX`] bytes of JSON: what is less bad is cut, and said to be.
//!
//! Where a schema with a discriminator is sent, so are the shared ones that extend it, by `allOf` or
//! by its mapping: they are compared, too. One that extends a used schema without a discriminator is
//! `not-compared` when it changes.
//!
//! Not told apart: what `additionalProperties: false` of one part of an `allOf` means for the properties
//! of another part. Numbers in lists of values are compared as they are written: `1` is not `1.0`.
//!
//! # The rules of comparing
//!
//! Their names are a contract, kept in [`RULES`].
//!
//! What is split off was there before as part of something more general, which said something else of
//! it: 404 beside `default`, `application/json` beside `*/*`, a property beside `additionalProperties`
//! that have a schema. A property that is `false` is refused.
//!
//! | rule | in a request | in a response |
//! |---|---|---|
//! | `operation-removed` | breaking | breaking |
//! | `deprecated-operation-removed` | risky | risky |
//! | `operation-added` | compatible | compatible |
//! | `operation-id-changed` | risky | risky |
//! | `path-parameter-renamed` | risky | risky |
//! | `parameter-removed` | breaking | breaking |
//! | `required-parameter-added` | breaking | breaking |
//! | `optional-parameter-added` | compatible | compatible |
//! | `parameter-became-required` | breaking | breaking |
//! | `parameter-became-optional` | compatible | compatible |
//! | `parameter-style-changed` | breaking | breaking |
//! | `body-removed` | breaking | breaking |
//! | `required-body-added` | breaking | breaking |
//! | `optional-body-added` | compatible | compatible |
//! | `body-became-required` | breaking | breaking |
//! | `body-became-optional` | compatible | compatible |
//! | `media-type-removed` | breaking | breaking |
//! | `media-type-added` | compatible | compatible |
//! | `media-type-split-off` | risky | risky |
//! | `success-response-removed` | breaking | breaking |
//! | `response-removed` | risky | risky |
//! | `success-response-added` | risky | risky |
//! | `response-added` | compatible | compatible |
//! | `response-split-off` | risky | risky |
//! | `header-removed` | risky | risky |
//! | `header-added` | compatible | compatible |
//! | `header-became-optional` | risky | risky |
//! | `header-became-required` | compatible | compatible |
//! | `type-narrowed` | breaking | compatible |
//! | `type-widened` | compatible | breaking |
//! | `enum-value-removed` | breaking | compatible |
//! | `enum-value-added` | compatible | risky |
//! | `enum-stated` | breaking | compatible |
//! | `enum-dropped` | compatible | risky |
//! | `limit-tightened` | breaking | compatible |
//! | `limit-loosened` | compatible | risky |
//! | `format-changed` | risky | risky |
//! | `pattern-changed` | risky | risky |
//! | `property-removed` | risky | breaking |
//! | `property-refused` | breaking | breaking |
//! | `property-added` | compatible | compatible |
//! | `property-split-off` | risky | risky |
//! | `required-property-added` | breaking | compatible |
//! | `property-became-required` | breaking | compatible |
//! | `read-only-property-became-required` | compatible | compatible |
//! | `property-became-optional` | compatible | breaking |
//! | `additional-properties-refused` | breaking | compatible |
//! | `additional-properties-allowed` | compatible | risky |
//! | `alternative-removed` | breaking | compatible |
//! | `alternative-added` | compatible | breaking |
//! | `alternatives-replaced` | risky | risky |
//! | `security-requirement-added` | breaking | breaking |
//! | `security-requirement-dropped` | compatible | compatible |
//! | `security-way-removed` | breaking | breaking |
//! | `security-way-added` | compatible | compatible |
//! | `deprecated-changed` | editorial | editorial |
//! | `text-changed` | editorial | editorial |
//! | `example-changed` | editorial | editorial |
//! | `tags-changed` | editorial | editorial |
//! | `extension-changed` | editorial | editorial |
//! | `unused-component-changed` | editorial | editorial |
//! | `security-scheme-changed` | risky | risky |
//! | `servers-changed` | risky | risky |
//! | `member-changed` | risky | risky |
//! | `keyword-changed` | risky | risky |
//! | `not-compared` | risky | risky |
//! | `too-complex` | risky | risky |

mod check;
mod compare;
mod document;
mod grammar;
mod lift;
mod limits;
mod model;
mod parse;
mod place;
mod problem;
mod text;

pub use compare::{Change, Class, Counts, Direction, RULES, Report, compare};
pub use document::{Document, Summary, read};
pub use limits::*;
pub use parse::Form;
pub use problem::{PROBLEM_RULES, Problem, Reason, Refused};
