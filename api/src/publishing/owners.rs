//! Who answers for the APIs of a product.

use projections::ResourceRow;

use super::face::product_id;
use super::revision::read_revision;
use crate::access::granted::Granted;
use crate::http::error::ApiError;

/// Whether the caller is an owner of an API that is published with a product.
pub(crate) fn owns_api_of(granted: &Granted, product: &str) -> Result<bool, ApiError> {
    let user = granted.user();
    let rows = granted.ask(|tables| {
        let all = tables.resources.owned_by(granted.tenant_id(), user);
        all.filter(|it| it.gateway.path.is_some() && it.is_owned_by(user))
            .cloned()
            .collect::<Vec<_>>()
    });
    for row in rows {
        if names(granted, &row, product)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the current revision of one of its APIs names a product.
fn names(granted: &Granted, row: &ResourceRow, product: &str) -> Result<bool, ApiError> {
    for api in &row.gateway.apis {
        let current = read_revision(&granted.call.app, api, api.current)?;
        let products = current.iter().flat_map(|it| &it.face.products);
        if products.into_iter().any(|it| product_id(it).eq_ignore_ascii_case(product)) {
            return Ok(true);
        }
    }
    Ok(false)
}
