//! Properties of a tenant that the program reads: their values are no secrets, are shown, and have
//! rules.

use crate::refusal::Refusal;

/// A number that a tenant may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberSetting {
    /// The key of the property.
    pub key: &'static str,
    /// What counts in a tenant that does not set it.
    pub default: u32,
    min: u32,
    max: u32,
}

/// The shortest password, in characters.
pub const PASSWORD_CHARS_MIN: NumberSetting =
    NumberSetting { key: "Passwords:MinLength", default: 6, min: 6, max: 64 };

/// Whether passwords that are known to everybody are refused: 1, or 0.
pub const PASSWORDS_KNOWN_REFUSED: NumberSetting =
    NumberSetting { key: "Passwords:RefuseKnown", default: 1, min: 0, max: 1 };

/// Messages a day to one telephone number (contracts 34).
pub const CODES_A_NUMBER: NumberSetting =
    NumberSetting { key: "Codes:NumberDaily", default: 10, min: 0, max: 1_000 };

/// Letters a day to one e-mail address (contracts 34).
pub const CODES_AN_ADDRESS: NumberSetting =
    NumberSetting { key: "Codes:AddressDaily", default: 20, min: 0, max: 1_000 };

/// Letters and messages a day that one network asks for (contracts 34).
pub const CODES_A_NETWORK: NumberSetting =
    NumberSetting { key: "Codes:NetworkDaily", default: 100, min: 0, max: 1_000_000 };

/// Letters and messages a day of the tenant (contracts 34).
pub const CODES_A_TENANT: NumberSetting =
    NumberSetting { key: "Codes:TenantDaily", default: 5_000, min: 0, max: 1_000_000 };

/// All of them.
pub const SETTINGS: [NumberSetting; 6] = [
    PASSWORD_CHARS_MIN,
    PASSWORDS_KNOWN_REFUSED,
    CODES_A_NUMBER,
    CODES_AN_ADDRESS,
    CODES_A_NETWORK,
    CODES_A_TENANT,
];

impl NumberSetting {
    /// What a value says, if it says a number within the range.
    pub fn read(self, value: &str) -> Option<u32> {
        let digits = value.bytes().all(|it| it.is_ascii_digit());
        value.parse().ok().filter(|it| digits && (self.min..=self.max).contains(it))
    }
}

/// Whether a property is a setting of the program: its value is shown to whoever may read the row.
pub fn is_setting(key: &str) -> bool {
    SETTINGS.iter().any(|it| it.key == key)
}

/// The rules for values of settings.
pub(super) fn check(keys: &[String], values: &[String]) -> Result<(), Refusal> {
    for (key, value) in keys.iter().zip(values) {
        let setting = SETTINGS.iter().find(|it| it.key == key);
        if let Some(it) = setting.filter(|it| it.read(value).is_none()) {
            let NumberSetting { key, min, max, .. } = it;
            let why = format!("of {key} must be a whole number from {min} to {max}");
            return Err(Refusal::invalid("properties.value", why));
        }
    }
    Ok(())
}
