//! What every document is held to, whatever else is asked of it.

mod operations;
mod references;
mod structure;

use serde_json::Value;

pub(crate) use self::references::References;
use crate::limits::SCHEMAS_MAX;
use crate::model::members;
use crate::place::Place;
use crate::problem::{self, Problems};

/// Checks a document of OpenAPI 3. With `typed`, members must have the types they should, too, that
/// nothing here depends on. How many operations it has.
pub(crate) fn check(root: &Value, version: &str, typed: bool, problems: &mut Problems) -> u32 {
    let schemas = members(root.get("components").and_then(|it| it.get("schemas"))).count();
    if schemas > SCHEMAS_MAX {
        let place = Place::Root;
        let place = place.member("components");
        let said = format!("{schemas} schemas, of at most {SCHEMAS_MAX}");
        problems.add(problem::SCHEMAS, &place.member("schemas"), said);
        return 0;
    }
    let count = operations::check(root, version, problems);
    let version = typed.then_some(version);
    structure::Structure::new(root, version, problems).check();
    count
}
