//! Updates as events say them: the fields that changed, found by comparing.

/// Declares what may change of a part of an aggregate: one variant for each field.
///
/// ```text
/// changes! {
///     /// What may change of an API scope.
///     pub enum ApiScopeChange of ApiScopeFields {
///         DisplayName(Option<String>) = display_name,
///     }
/// }
/// ```
///
/// Fields that never change stand after `except`; those that have changes of their own, in
/// `nested`: that list never grows, because its variants come first.
///
/// A field stands in exactly one such list: that of the part (data, personal or secret) in which its
/// value may stand. Variants are stored: they are only ever appended, and golden bytes hold each. A
/// field without a variant does not compile.
#[macro_export]
macro_rules! changes {
    (
        $(#[$meta:meta])*
        pub enum $name:ident of $fields:ident $(except ($($kept:ident),*))?
            $(nested {$($inner_variant:ident($inner:ident) = $inner_field:ident),* $(,)?})?
        {$(
            $(#[$variant_meta:meta])*
            $variant:ident($type:ty) = $field:ident
        ),* $(,)?}
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[allow(missing_docs, reason = "each is named after its field")]
        pub enum $name {
            $($($inner_variant(Vec<$inner>),)*)?
            $($(#[$variant_meta])* $variant($type),)*
        }

        impl $name {
            /// The names of all variants, as they are written here.
            pub const NAMES: &'static [&'static str] =
                &[$($(stringify!($inner_variant),)*)? $(stringify!($variant),)*];

            /// What must change for `old` to become `new`; nothing where they are equal.
            pub fn between(old: &$fields, new: &$fields) -> Vec<Self> {
                let $fields { $($field,)* $($($inner_field,)*)? $($($kept: _),*)? } = new;
                let mut changes = Vec::new();
                $(if old.$field != *$field {
                    changes.push(Self::$variant($field.clone()));
                })*
                $($(
                    let inner = $inner::between(&old.$inner_field, $inner_field);
                    if !inner.is_empty() {
                        changes.push(Self::$inner_variant(inner));
                    }
                )*)?
                changes
            }
        }

        impl $fields {
            /// Takes over what an event says has changed.
            pub fn apply(&mut self, changes: &[$name]) {
                for change in changes {
                    match change {$(
                        $name::$variant(value) => self.$field.clone_from(value),
                    )* $($(
                        $name::$inner_variant(changes) => self.$inner_field.apply(changes),
                    )*)?}
                }
            }
        }
    };
}
