//! What a list can be ordered by: every member of what it shows (spec section 3.4).

use std::fmt;

use projections::Key;
use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeStruct, Serializer};
use serde_json::Value;

/// The members of what a list shows: what it can be ordered by.
pub(crate) fn members_of<T: JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T);
    let properties = schema.as_value().get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(|it| it.keys().cloned()).collect()
}

/// What a member of a row is ordered by; nothing where it is left out.
pub(crate) fn member_key<T: Serialize>(shown: &T, member: &str) -> Key {
    shown.serialize(OneMember { member, key: Key::None, name: None }).unwrap_or_default()
}

/// Numbers with up to two decimals (spec section 2.1) keep their order as hundredths; lists are
/// ordered by their JSON (spec section 3.4).
fn key_of(value: &Value) -> Key {
    match value {
        Value::Null => Key::None,
        Value::Bool(it) => Key::Number(i64::from(*it)),
        Value::Number(number) => Key::Number(match number.as_i64() {
            Some(whole) => whole,
            None => (number.as_f64().unwrap_or_default() * 100.0).round() as i64,
        }),
        Value::String(text) => Key::from(text.as_str()),
        Value::Array(_) | Value::Object(_) => Key::from(value.to_string().as_str()),
    }
}

/// Looks at one member of an object. The others are not written anywhere.
struct OneMember<'a> {
    member: &'a str,
    key: Key,
    /// The name of the member of a map that comes next.
    name: Option<Value>,
}

impl OneMember<'_> {
    fn see<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.key = key_of(&serde_json::to_value(value).map_err(|_| fmt::Error)?);
        Ok(())
    }
}

impl SerializeStruct for OneMember<'_> {
    type Ok = Key;
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        if name == self.member { self.see(value) } else { Ok(()) }
    }

    fn end(self) -> Result<Key, fmt::Error> {
        Ok(self.key)
    }
}

impl SerializeMap for OneMember<'_> {
    type Ok = Key;
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), fmt::Error> {
        self.name = serde_json::to_value(name).ok();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        let name = self.name.take();
        if name.as_ref().and_then(Value::as_str) == Some(self.member) {
            self.see(value)?;
        }
        Ok(())
    }

    fn end(self) -> Result<Key, fmt::Error> {
        Ok(self.key)
    }
}

macro_rules! no_object {
    ($($method:ident($($argument:ty),*);)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Key, fmt::Error> {
            Ok(Key::None)
        }
    )*};
}

macro_rules! no_compound {
    ($($method:ident -> $kind:ident($($argument:ty),*);)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Self::$kind, fmt::Error> {
            Err(fmt::Error)
        }
    )*};
}

impl Serializer for OneMember<'_> {
    type Ok = Key;
    type Error = fmt::Error;
    type SerializeSeq = Impossible<Key, fmt::Error>;
    type SerializeTuple = Impossible<Key, fmt::Error>;
    type SerializeTupleStruct = Impossible<Key, fmt::Error>;
    type SerializeTupleVariant = Impossible<Key, fmt::Error>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<Key, fmt::Error>;

    no_object! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    no_compound! {
        serialize_seq -> SerializeSeq(Option<usize>);
        serialize_tuple -> SerializeTuple(usize);
        serialize_tuple_struct -> SerializeTupleStruct(&'static str, usize);
        serialize_tuple_variant -> SerializeTupleVariant(&'static str, u32, &'static str, usize);
        serialize_struct_variant -> SerializeStructVariant(&'static str, u32, &'static str, usize);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Key, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Key, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<Key, fmt::Error> {
        Ok(Key::None)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Self, fmt::Error> {
        Ok(self)
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Self, fmt::Error> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    struct Shown {
        client_id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        display_name: Option<&'static str>,
        sales: f64,
        enabled: bool,
        scopes: Vec<u8>,
        #[serde(flatten)]
        more: More,
    }

    #[derive(Serialize, JsonSchema)]
    struct More {
        theme: &'static str,
    }

    #[test]
    fn a_row_is_ordered_by_any_of_its_members() {
        let (scopes, more) = (vec![1, 2], More { theme: "dark" });
        let shown =
            Shown { client_id: 7, display_name: None, sales: 1.25, enabled: true, scopes, more };
        let key = |member| member_key(&shown, member);
        assert_eq!(key("clientId"), Key::Number(7));
        assert_eq!(key("displayName"), Key::None);
        assert_eq!(key("sales"), Key::Number(125));
        assert_eq!(key("enabled"), Key::Number(1));
        assert_eq!(key("scopes"), Key::from("[1,2]"));
        assert_eq!(key("theme"), Key::from("dark"));
        assert_eq!(key("nothing"), Key::None);
        let mut members = members_of::<Shown>();
        members.sort_unstable();
        let all = ["clientId", "displayName", "enabled", "sales", "scopes", "theme"];
        assert_eq!(members, all);
        assert_eq!(member_key(&[1, 2], "0"), Key::None);
    }
}
