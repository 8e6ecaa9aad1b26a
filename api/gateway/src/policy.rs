//! Policies: which of what a policy's XML says is enforced at the gateway, and what is not.
//!
//! The form is that of Azure API Management. Whatever is not enforced is named, so that the caller
//! can refuse it or show it: silence would be a hole.

mod elements;
mod model;
mod xml;

pub use self::model::{
    Cors, HeaderAction, IpAction, IpFilter, Policy, PolicyRefused, RateLimit, SetHeader,
    is_plain_value,
};

use self::elements::Reading;

/// The longest policy, in bytes.
pub const POLICY_BYTES_MAX: usize = 40 << 10;

/// Reads a policy. `<policies>` with its sections, or the sections or elements directly; `<base/>`
/// and comments mean nothing. What is not enforced is in [`Policy::not_enforced`].
///
/// # Errors
/// When the text is longer than [`POLICY_BYTES_MAX`], is not well-formed, has a DTD, an entity of its
/// own or a processing instruction, is deeper than 64 levels or has more than 10,000 nodes; and when
/// an enforced element has a value that cannot be: out of its bounds, or with control characters or
/// one of `" \ $ ; { }`.
pub fn read(xml: &str) -> Result<Policy, PolicyRefused> {
    if xml.len() > POLICY_BYTES_MAX {
        return Err(PolicyRefused::new("The policy is longer than 40 KiB."));
    }
    Reading::of(&self::xml::read(xml)?)
}

#[cfg(test)]
mod tests;
