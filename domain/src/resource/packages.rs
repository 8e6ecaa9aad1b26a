//! The packages of an API resource: where its users find ready-made clients (rows 24 to 27).

use std::collections::BTreeMap;

use super::events::ResourceEvent;
use super::sdk_facts::{Package, PackageRemoved};
use crate::aggregate::Decision;
use crate::check;
use crate::refusal::Refusal;

/// The most packages of a resource.
pub const PACKAGES_MAX: usize = 1_000;

/// The longest name of a package, in characters: npm has the longest of all registries.
pub const PACKAGE_NAME_CHARS_MAX: usize = 214;

/// The longest URL of a package or icon, in characters.
const LINK_CHARS_MAX: usize = 2_000;

/// What the rules need to remember of the packages of a resource.
#[derive(Debug, Clone, Default)]
pub(super) struct Packages(BTreeMap<String, Package>);

type Decided = Result<Decision<ResourceEvent>, Refusal>;

impl Packages {
    pub(super) fn add(&self, package: &Package) -> Decided {
        check_package(package)?;
        if self.0.contains_key(&folded(&package.name)) {
            return Err(Refusal::AlreadyExists { what: "package" });
        }
        if self.0.len() >= PACKAGES_MAX {
            let why = format!("has {PACKAGES_MAX} packages already: remove one first");
            return Err(Refusal::invalid("name", why));
        }
        Ok(Decision::event(ResourceEvent::PackageAdded(package.clone().into())))
    }

    /// The name stays as it was first written.
    pub(super) fn change(&self, package: &Package) -> Decided {
        check_package(package)?;
        let now = self.0.get(&folded(&package.name));
        let now = now.ok_or(Refusal::NotFound { what: "package" })?;
        let package = Package { name: now.name.clone(), ..package.clone() };
        if package == *now {
            return Ok(Decision::none());
        }
        Ok(Decision::event(ResourceEvent::PackageChanged(package.into())))
    }

    /// One that is not there is removed already.
    pub(super) fn remove(&self, name: &str) -> Decided {
        let Some(now) = self.0.get(&folded(name)) else { return Ok(Decision::none()) };
        let removed = PackageRemoved { name: now.name.clone() };
        Ok(Decision::event(ResourceEvent::PackageRemoved(removed.into())))
    }

    pub(super) fn set(&mut self, package: &Package) {
        self.0.insert(folded(&package.name), package.clone());
    }

    pub(super) fn drop(&mut self, name: &str) {
        self.0.remove(&folded(name));
    }
}

/// As names of packages are compared.
pub fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

fn check_package(it: &Package) -> Result<(), Refusal> {
    check::required("name", &it.name, PACKAGE_NAME_CHARS_MAX)?;
    check::optional_text("description", it.description.as_deref(), 1_000)?;
    for (field, value) in [
        ("publisher", &it.publisher),
        ("packagePlatform", &it.package_platform),
        ("language", &it.language),
    ] {
        check::required(field, value, 200)?;
    }
    check::optional("tags", it.tags.as_deref(), 500)?;
    check::required("link", &it.link, LINK_CHARS_MAX)?;
    check::web_address("link", &it.link)?;
    // Those that a release lists have none.
    check::at_most("icon", &it.icon, LINK_CHARS_MAX)?;
    if it.icon.is_empty() {
        return Ok(());
    }
    check::web_address("icon", &it.icon)
}
