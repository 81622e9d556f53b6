//! Settings that choose between readings of a vendor's document.

/// Declares readings: an enum each, whose first variant is the one that holds unless a world says otherwise. In world
/// files they are words in snake case. The caller has `serde` and `schemars` among its dependencies.
///
/// ```
/// stend_core::interpretations! {
///     /// What becomes of an order that is paid.
///     PaidOrder {
///         /// It is closed.
///         Closed,
///         /// It stays open until a waiter closes it.
///         StaysOpen,
///     }
/// }
///
/// assert_eq!(PaidOrder::default(), PaidOrder::Closed);
/// assert_eq!(serde_json::to_value(PaidOrder::StaysOpen).unwrap(), "stays_open");
/// ```
#[macro_export]
macro_rules! interpretations {
    ($($(#[$about:meta])* $name:ident {
        $(#[$default:meta])* $first:ident, $($(#[$other:meta])* $second:ident),+ $(,)?
    })*) => { $(
        $(#[$about])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[$default])*
            #[default]
            $first,
            $($(#[$other])* $second,)+
        }
    )* };
}
