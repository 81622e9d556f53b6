//! Numbers with a fixed count of decimals, exact in sums: money, quantities, percents.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stend_core::request::Bounded;

/// A number with at most `D` decimals. Printed as the document prints numbers: `35`, `12.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Fixed<const D: u32>(pub(crate) i64);

/// Roubles, held in kopecks.
pub(crate) type Roubles = Fixed<2>;
/// A quantity of a component in its unit.
pub(crate) type Quantity = Fixed<3>;
/// A percentage.
pub(crate) type Percent = Fixed<2>;

impl Roubles {
    pub(crate) const fn from_kopecks(kopecks: i64) -> Self {
        Self(kopecks)
    }
}

impl Quantity {
    pub(crate) const fn thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }
}

/// Beyond this a double does not hold every whole number, and no sum of ours overflows below it.
const MOST: f64 = 1e12;

impl<const D: u32> Fixed<D> {
    const SCALE: i64 = 10_i64.pow(D);

    /// This many whole ones.
    pub(crate) const fn whole(n: i64) -> Self {
        Self(n.saturating_mul(Self::SCALE))
    }

    /// The nearest to a double; none for what is no number or too large.
    pub(crate) fn from_f64(number: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the range was checked")]
        let nearest = || Self((number * Self::SCALE as f64).round() as i64);
        (number.is_finite() && number.abs() <= MOST).then(nearest)
    }

    #[expect(clippy::cast_precision_loss, reason = "within what a double holds")]
    pub(crate) fn to_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// With both decimals, as the fiscal documents print money: `45.00`.
    pub(crate) fn two_decimals(self) -> String {
        format!("{:.2}", self.to_f64())
    }
}

impl<const D: u32> std::fmt::Display for Fixed<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 % Self::SCALE == 0 { write!(f, "{}", self.0 / Self::SCALE) } else { write!(f, "{}", self.to_f64()) }
    }
}

impl<const D: u32> Serialize for Fixed<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % Self::SCALE == 0 {
            serializer.serialize_i64(self.0 / Self::SCALE)
        } else {
            serializer.serialize_f64(self.to_f64())
        }
    }
}

impl<'de, const D: u32> Deserialize<'de> for Fixed<D> {
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::from_f64(number).ok_or_else(|| de::Error::custom(format!("{number:?} is out of range")))
    }
}

impl<const D: u32> JsonSchema for Fixed<D> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Number{D}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

impl<const D: u32> Bounded for Fixed<D> {
    fn is_below(&self, least: i64) -> bool {
        *self < Self::whole(least)
    }

    fn is_above(&self, most: i64) -> bool {
        *self > Self::whole(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_document_does() {
        for (number, text) in [(35.0, "35"), (12.5, "12.5"), (4.17, "4.17"), (0.0, "0"), (-2000.0, "-2000")] {
            let fixed = Roubles::from_f64(number).expect("in range");
            assert_eq!(serde_json::to_string(&fixed).expect("a number"), text);
            assert_eq!(fixed.to_string(), text);
        }
        assert_eq!(Roubles::whole(45).two_decimals(), "45.00");
    }

    #[test]
    fn refuses_what_is_too_large() {
        for wrong in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Roubles::from_f64(wrong), None, "{wrong}");
        }
    }
}
