//! The configuration of gateways: what a tenant serves, in the neutral form of the crate `gateway`.
//!
//! It is made of the read models and of faces in the log. What was made of a resource is kept until
//! the resource, or a product, changes, so that one more publication costs one face, not all.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::TenantId;
use domain::resource::{Authentication, Face, VERSION_PARAMETER, VersionScheme};
use gateway::configuration as neutral;
use gateway::policy;
use projections::{ApiRow, ResourceRow, Tables, TenantRow};

use super::face::product_id;
use super::revision::{read_revision, read_revisions};
use crate::http::error::ApiError;
use crate::state::app::App;
use crate::state::configurations::{Fingerprint, Kept, Made};

/// The configuration of a tenant as the read models are now.
pub(crate) fn configuration_of(app: &App, tenant: &TenantRow) -> Result<Made, ApiError> {
    let id = tenant.data.tenant;
    let before = app.configurations.last(id);
    let (from, rows, keyed) = {
        let tables = app.views.read();
        let from = fingerprint(&tables, tenant);
        if let Some(kept) = before.as_ref().filter(|it| it.from == from) {
            return Ok(kept.made.clone());
        }
        let rows = served(&tables, id).cloned().collect::<Vec<_>>();
        (from, rows, demanding_products(&tables, id))
    };
    let shown = app.views.position();
    let mut apis = HashMap::new();
    for row in rows {
        let (number, at) = (row.data.resource, row.gateway.position);
        let kept = before.as_ref().filter(|it| it.from.products == from.products);
        let kept = kept.and_then(|it| it.apis.get(&number)).filter(|it| it.0 == at);
        let api = match kept {
            Some((_, api)) => api.clone(),
            None => Arc::new(api_of(app, &row, &keyed)?),
        };
        apis.insert(number, (at, api));
    }
    let made = made(tenant, &apis, shown, before.as_deref())?;
    app.configurations.keep(id, Kept { from, made: made.clone(), apis });
    Ok(made)
}

fn fingerprint(tables: &Tables, tenant: &TenantRow) -> Fingerprint {
    let id = tenant.data.tenant;
    let resources = served(tables, id).map(|it| (it.data.resource, it.gateway.position));
    let products = tables.products.all_of(id).map(|it| (it.number, it.position));
    Fingerprint {
        resources: resources.collect(),
        products: products.collect(),
        tenant: tenant.position,
    }
}

fn served(tables: &Tables, tenant: TenantId) -> impl Iterator<Item = &Arc<ResourceRow>> {
    tables.resources.all_of(tenant).filter(|it| it.gateway.path.is_some())
}

/// The products of which callers need a subscription, by the ids that faces name them with.
fn demanding_products(tables: &Tables, tenant: TenantId) -> Vec<String> {
    let products = tables.products.all_of(tenant);
    let demanding = products.filter(|it| it.fields.subscription_required);
    demanding.map(|it| it.fields.code.to_ascii_lowercase()).collect()
}

fn made(
    tenant: &TenantRow,
    apis: &HashMap<u32, (u64, Arc<neutral::Api>)>,
    shown: u64,
    before: Option<&Kept>,
) -> Result<Made, ApiError> {
    let mut served = apis.values().map(|it| (*it.1).clone()).collect::<Vec<_>>();
    served.retain(|it| !it.versions.is_empty());
    served.sort_by(|one, other| one.path.cmp(&other.path));
    let hosts = tenant.data.hosts.iter().map(|it| it.name.clone()).collect();
    let tenants = vec![neutral::Tenant { tenant: tenant.data.tenant.0, hosts, apis: served }];
    let mut configuration =
        neutral::Configuration { format: neutral::FORMAT, position: 0, tenants };
    let unreadable = |err: serde_json::Error| ApiError::Internal(err.to_string());
    let tag = configuration.sha256_hex().map_err(unreadable)?;
    let same = before.filter(|it| it.made.tag == tag);
    configuration.position = same.map_or(shown, |it| it.made.position);
    let text = Bytes::from(configuration.to_json().map_err(unreadable)?);
    Ok(Made { position: configuration.position, text, tag })
}

fn api_of(app: &App, row: &ResourceRow, keyed: &[String]) -> Result<neutral::Api, ApiError> {
    let gateway = &row.gateway;
    let path = gateway.path.clone().unwrap_or_default().to_ascii_lowercase();
    let has_versions = gateway.apis.len() > 1;
    let set = gateway.version_set.as_ref();
    let set = neutral::VersionSet {
        scheme: match set.map(|it| it.scheme) {
            Some(VersionScheme::Header) => neutral::Scheme::Header,
            Some(VersionScheme::Segment) => neutral::Scheme::Segment,
            Some(VersionScheme::Query) | None => neutral::Scheme::Query,
        },
        parameter: set.map_or(VERSION_PARAMETER.to_owned(), |it| it.parameter.clone()),
    };
    let mut versions = Vec::new();
    for api in &gateway.apis {
        versions.extend(version_of(app, api, keyed)?);
    }
    let default = gateway.apis.first().map_or(String::new(), |it| it.id.clone());
    Ok(neutral::Api { path, version_set: has_versions.then_some(set), default, versions })
}

/// An API version; `None` where its current revision says no upstream: it is from before that was
/// recorded.
fn version_of(
    app: &App,
    api: &ApiRow,
    keyed: &[String],
) -> Result<Option<neutral::Version>, ApiError> {
    let count = api.revision_count();
    let newest = count.saturating_sub(domain::resource::ONLINE_REVISIONS_MAX) + 1..=count;
    let revisions = read_revisions(app, api, newest.filter(|it| api.is_online(*it)))?;
    let Some(current) = read_revision(app, api, api.current)? else { return Ok(None) };
    let face = &current.face;
    let Some(service_url) = face.service_url.clone() else { return Ok(None) };
    let online = revisions.into_iter().filter_map(|it| {
        Some(neutral::Online { revision: it.number, service_url: it.face.service_url? })
    });
    // What was published is enforced as far as it can be: what cannot be was said to be so then.
    let policy = face.policy.as_deref().and_then(|it| policy::read(it).ok());
    Ok(Some(neutral::Version {
        api_id: api.id.clone(),
        name: api.version.clone(),
        revision: current.number,
        position: api.position,
        service_url,
        authentication: authentication_of(face),
        keys: demands_key(face, keyed),
        policy,
        deprecated_at: api.deprecated_at.map(|it| it.seconds()),
        sunset_at: api.sunset_at.map(|it| it.seconds()),
        online: online.collect(),
    }))
}

/// Whether one of these products is one of the face's.
fn demands_key(face: &Face, keyed: &[String]) -> bool {
    let is_keyed = |it: &String| keyed.contains(&product_id(it).to_ascii_lowercase());
    face.products.iter().any(is_keyed)
}

fn authentication_of(face: &Face) -> Option<neutral::Authentication> {
    match face.authentication.clone() {
        Authentication::None => None,
        Authentication::Token { server, scope, openid } => {
            Some(neutral::Authentication { server, scope, openid })
        }
    }
}
