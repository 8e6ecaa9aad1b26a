//! Dates on the wire: `yyyy-MM-dd HH:mm:ss` out, that and ISO 8601 in (spec section 2.1).

use domain::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// How long a day is, in seconds.
const DAY_SECONDS: i64 = 86_400;

/// A time on the management API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireTime(pub(crate) Timestamp);

impl WireTime {
    /// Reads any of the accepted forms.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let zoned = OffsetDateTime::parse(text, &Rfc3339).ok();
        let stamp = zoned.or_else(|| Some(parse_local(text)?.assume_utc()))?;
        let microseconds = stamp.unix_timestamp_nanos() / 1000;
        Some(Self(Timestamp(i64::try_from(microseconds).ok()?)))
    }

    /// The beginning of its day (spec section 3.4).
    pub(crate) fn day(self) -> Timestamp {
        Timestamp::from_seconds(self.0.seconds().div_euclid(DAY_SECONDS) * DAY_SECONDS)
    }

    /// The beginning of the day after it (spec section 3.4).
    pub(crate) fn day_after(self) -> Timestamp {
        let day = self.0.seconds().div_euclid(DAY_SECONDS) + 1;
        Timestamp::from_seconds(day * DAY_SECONDS)
    }

    /// A non-nullable date that was never set (spec section 2.1).
    pub(crate) fn never() -> Self {
        Self(Timestamp::from_seconds(-62_135_596_800))
    }
}

fn parse_local(text: &str) -> Option<PrimitiveDateTime> {
    let seconds = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let fraction = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond]");
    let minutes = format_description!("[year]-[month]-[day] [hour]:[minute]");
    let date = format_description!("[year]-[month padding:none]-[day padding:none]");
    let text = text.replacen('T', " ", 1).replace('/', "-");
    PrimitiveDateTime::parse(&text, seconds)
        .or_else(|_| PrimitiveDateTime::parse(&text, fraction))
        .or_else(|_| PrimitiveDateTime::parse(&text, minutes))
        .or_else(|_| Date::parse(&text, date).map(|it| it.midnight()))
        .ok()
}

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.wire())
    }
}

impl<'de> Deserialize<'de> for WireTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("expected a date"))
    }
}

impl JsonSchema for WireTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DateTime".into()
    }

    /// Where it stands, so that each member can say what time it is.
    fn inline_schema() -> bool {
        true
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string", "example": "2026-01-31 23:59:59" });
        if schemas.contract().is_serialize() {
            let form = "^-?[0-9]{4,}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$";
            schema.insert("pattern".to_owned(), form.into());
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let forms = [
            "2026-01-31 23:59:59",
            "2026-01-31T23:59:59",
            "2026-01-31T23:59:59Z",
            "2026-02-01T00:59:59+01:00",
        ];
        for form in forms {
            let read = WireTime::parse(form).unwrap();
            assert_eq!(read.0.wire(), "2026-01-31 23:59:59", "{form}");
        }
        for form in ["2026/01/31", "2026/1/31", "2026-1-31"] {
            let read = WireTime::parse(form).unwrap();
            assert_eq!(read.0.wire(), "2026-01-31 00:00:00", "{form}");
        }
        assert_eq!(WireTime::parse("2026/01/31 23:59").unwrap().0.wire(), "2026-01-31 23:59:00");
        assert_eq!(WireTime::parse("2026-01-31").unwrap().0.wire(), "2026-01-31 00:00:00");
        assert_eq!(WireTime::never().0.wire(), "0001-01-01 00:00:00");
        assert!(WireTime::parse("tomorrow").is_none());
    }
}
