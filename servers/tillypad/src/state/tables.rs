//! The tables of the document, one description each: it drives what is read, checked, filled in and written, and
//! the service's README is compared with it.
//!
//! The document's own tables lost their empty cells, so a row says how many ticks it has, not where they stood (P2).

use crate::state::books::Book;
use crate::state::states::Part;
pub(crate) use crate::state::states::States;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any GUID.
    Guid,
    /// A GUID of a row of another table.
    Ref(Book),
    /// A whole number, from 0.
    Int,
    /// The id of a state, of those that the world knows.
    State(States),
    /// A decimal.
    Number(Sign),
    /// Text.
    Text,
    /// A date and time without a zone, written as it was given.
    Date,
    /// Yes or no: read from 0 and 1 too, written as `true` and `false`.
    Flag,
    /// A note's value: a scalar, or an object of value and type.
    Any,
}

/// What sign a decimal may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Above 0.
    Positive,
    /// 0 and above.
    NotNegative,
    /// Any.
    Any,
}

/// Who gives a field its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The client; without it the row is refused.
    Client,
    /// The client if it likes, else the server.
    Server(Fill),
    /// The server alone, whatever the client says.
    Link(Link),
    /// The server alone, once an order is registered or a line is passed on to be paid.
    Later,
    /// The client if it likes, else nobody.
    Optional,
}

/// What the server fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// An id of the bill's tree; a draft's are numbered.
    Id,
    /// An id of a row beside the tree, always random.
    NewId,
    /// The world's time.
    Now,
    /// The bill's name.
    BillName,
    /// The bill's division, or the default one.
    Division,
    /// The bill's user, or the default one.
    User,
    /// The bill's device, or the default one.
    Device,
    /// The state of its list that plays this part.
    State(States, Part),
    /// This decimal.
    Number(i64),
    /// No.
    No,
    /// The place among its siblings, from 0.
    Position,
    /// The menu item's movement type, once stored.
    Movement,
    /// The menu item's sale group, once stored.
    SaleGroup,
    /// The menu item's volume.
    Volume,
    /// The menu item's VAT.
    Vat,
    /// The VAT that is in the price.
    PriceVat,
    /// The system object that notes of bills belong to.
    SystemObject,
}

/// The row that a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Bill,
    Order,
    /// The item that a modifier modifies.
    Master,
    /// The item that a discount is of.
    Item,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) need: Need,
    /// How many ticks the document prints; 0 for fields that only samples or sentences name.
    pub(crate) ticks: u8,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    /// A bit for every column that the client has to give a value.
    pub(crate) asked: u32,
    /// A bit for every column that the server gives a value.
    pub(crate) served: u32,
    /// A bit for every column whose value is the server's alone.
    pub(crate) own: u32,
}

impl Table {
    const fn of(name: &'static str, fields: &'static [Field]) -> Self {
        let (mut asked, mut served, mut own, mut column) = (0, 0, 0, 0);
        while column < fields.len() {
            match fields[column].need {
                Need::Client => asked |= 1 << column,
                Need::Server(_) => served |= 1 << column,
                Need::Link(_) => {
                    served |= 1 << column;
                    own |= 1 << column;
                }
                Need::Later => own |= 1 << column,
                Need::Optional => {}
            }
            column += 1;
        }
        Self { name, fields, asked, served, own }
    }
}

/// The columns whose bits are set, in order.
pub(crate) fn columns(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let column = bits.trailing_zeros() as usize;
        // Takes the lowest bit away.
        bits = bits.checked_sub(1)? & bits;
        Some(column)
    })
}

impl Table {
    /// The column of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let name = ALIASES.iter().find(|alias| alias.0 == name).map_or(name, |alias| alias.1);
        // Names begin and end alike: one character in the middle tells most of them apart.
        let middle = |name: &str| name.as_bytes().get(name.len() / 2).copied();
        let wanted = middle(name);
        self.fields
            .iter()
            .position(|field| field.name.len() == name.len() && middle(field.name) == wanted && field.name == name)
    }

    /// All names, for hints.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }
}

macro_rules! table {
    ($(#[$doc:meta])* $module:ident = $sql:literal { $($column:ident $name:literal $ticks:literal $kind:expr, $need:expr;)* }) => {
        $(#[$doc])*
        pub(crate) mod $module {
            #[allow(unused_imports)]
            use super::{Book, Field, Fill, Kind, Link, Need, Part, Sign, States, Table};

            #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code)]
            enum Column { $($column),* }

            $(#[allow(dead_code)] pub(crate) const $column: usize = Column::$column as usize;)*

            pub(crate) static TABLE: Table =
                Table::of($sql, &[$(Field { name: $name, kind: $kind, need: $need, ticks: $ticks }),*]);
        }
    };
}

table! { guest = "tp_Guests" {
    ID "gest_ID" 3 Kind::Guid, Need::Server(Fill::Id);
    DIVISION "gest_dvsn_ID" 3 Kind::Ref(Book::Divisions), Need::Server(Fill::Division);
    ORIGINAL "gest_gest_ID_Original" 1 Kind::Guid, Need::Optional;
    PRIVILEGE "gest_sprv_ID" 1 Kind::Ref(Book::SalePrivileges), Need::Optional;
    CLIENT "gest_clnt_ID" 1 Kind::Ref(Book::Clients), Need::Optional;
    IDENTIFIER "gest_idnt_ID" 1 Kind::Guid, Need::Optional;
    USER "gest_usr_ID" 1 Kind::Ref(Book::Users), Need::Server(Fill::User);
    DEVICE "gest_dev_ID" 1 Kind::Ref(Book::Devices), Need::Server(Fill::Device);
    PLACE "gest_plac_ID" 1 Kind::Ref(Book::Places), Need::Optional;
    GROUP "gest_lggr_ID" 1 Kind::Guid, Need::Optional;
    STATE "gest_gsst_ID" 2 Kind::State(States::Guest), Need::Server(Fill::State(States::Guest, Part::Draft));
    PRIVILEGE_DEVICE "gest_dev_ID_SalePrivilege" 1 Kind::Ref(Book::Devices), Need::Optional;
    OPENED "gest_DateOpen" 3 Kind::Date, Need::Server(Fill::Now);
    CLOSED "gest_DateClose" 1 Kind::Date, Need::Optional;
    NAME "gest_Name" 2 Kind::Text, Need::Client;
    CLIENT_NAME "gest_ClientName" 1 Kind::Text, Need::Optional;
    CLIENT_PHONE "gest_ClientPhone" 1 Kind::Text, Need::Optional;
    CLIENT_EMAIL "gest_ClientEMail" 1 Kind::Text, Need::Optional;
    CLIENT_ADDRESS "gest_ClientAddress" 1 Kind::Text, Need::Optional;
    PLACE_NUMBER "gest_PlaceNumber" 1 Kind::Text, Need::Optional;
    COUNT "gest_Count" 1 Kind::Int, Need::Optional;
    COMMENT "gest_Comment" 1 Kind::Text, Need::Optional;
    IS_DELIVERY "gest_IsDelivery" 0 Kind::Flag, Need::Optional;
} }

table! { privilege = "tp_GuestSalePrivileges" {
    ID "gsprv_ID" 3 Kind::Guid, Need::Server(Fill::NewId);
    GUEST "gsprv_gest_ID" 3 Kind::Guid, Need::Link(Link::Bill);
    PRIVILEGE "gsprv_sprv_ID" 1 Kind::Ref(Book::SalePrivileges), Need::Client;
} }

table! { delivery = "tp_GuestDeliveries" {
    GUEST "gsdlv_gest_ID" 2 Kind::Guid, Need::Link(Link::Bill);
    COURIER "gsdlv_usr_ID_Courier" 1 Kind::Ref(Book::Users), Need::Optional;
    STATE "gsdlv_dlvrst_ID" 2 Kind::State(States::Delivery), Need::Server(Fill::State(States::Delivery, Part::New));
    METHOD "gsdlv_dlvrmt_ID" 2 Kind::State(States::Method), Need::Server(Fill::State(States::Method, Part::Courier));
    CONCEPTION "gsdlv_cncpt_ID" 1 Kind::Ref(Book::Conceptions), Need::Optional;
    PREPAID "gsdlv_pytp_ID_Prepaid" 1 Kind::Ref(Book::PayTypes), Need::Optional;
    DATE "gsdlv_Date" 3 Kind::Date, Need::Server(Fill::Now);
    DELIVERED "gsdlv_DateDelivered" 1 Kind::Date, Need::Optional;
    AUTO_START "gsdlv_IsAutoStart" 2 Kind::Flag, Need::Server(Fill::No);
    COOKING "gsdlv_CookingTime" 1 Kind::Int, Need::Optional;
    TRAVEL "gsdlv_DeliveryTime" 1 Kind::Int, Need::Optional;
    SOONER "gsdlv_SendSooner" 2 Kind::Flag, Need::Server(Fill::No);
    CONFIRM "gsdlv_NeedConfirmation" 2 Kind::Flag, Need::Server(Fill::No);
    CASH "gsdlv_CashAmount" 0 Kind::Number(Sign::NotNegative), Need::Optional;
    PAY_DESCRIPTION "gsdlv_PayDescription" 1 Kind::Text, Need::Optional;
    REGION "gsdlv_GeoRegionID" 1 Kind::Int, Need::Optional;
    COORDINATES "gsdlv_GeoCoordinates" 1 Kind::Text, Need::Optional;
    EXTRA "gsdlv_ExtraInfo" 1 Kind::Text, Need::Optional;
    COURIER_COMMENT "gsdlv_CourierComment" 0 Kind::Text, Need::Optional;
} }

table! {
    /// The page cut the document's table short: the last four are in its samples and sentences.
    order = "tp_Orders" {
    ID "ordr_ID" 2 Kind::Guid, Need::Server(Fill::Id);
    GUEST "ordr_gest_ID" 2 Kind::Guid, Need::Link(Link::Bill);
    USER "ordr_usr_ID" 3 Kind::Ref(Book::Users), Need::Server(Fill::User);
    OPERATOR "ordr_usr_ID_Operator" 3 Kind::Ref(Book::Users), Need::Server(Fill::User);
    DEVICE "ordr_dev_ID" 3 Kind::Ref(Book::Devices), Need::Server(Fill::Device);
    DIVISION "ordr_dvsn_ID" 3 Kind::Ref(Book::Divisions), Need::Server(Fill::Division);
    DAY "ordr_arch_ID" 0 Kind::Guid, Need::Later;
    STATE "ordr_orst_ID" 0 Kind::State(States::Order), Need::Server(Fill::State(States::Order, Part::Draft));
    DATE "ordr_Date" 0 Kind::Date, Need::Server(Fill::Now);
    NAME "ordr_Name" 0 Kind::Text, Need::Optional;
} }

table! { item = "tp_OrderItems" {
    ID "orit_ID" 2 Kind::Guid, Need::Server(Fill::Id);
    ORDER_ID "orit_ordr_ID" 2 Kind::Guid, Need::Link(Link::Order);
    MASTER "orit_master_ID" 1 Kind::Guid, Need::Link(Link::Master);
    MENU "orit_mitm_ID" 2 Kind::Ref(Book::MenuItems), Need::Client;
    MOVEMENT "orit_mvtp_ID" 2 Kind::Ref(Book::MovementTypes), Need::Server(Fill::Movement);
    MODIFIERS "orit_mmgr_ID" 1 Kind::Ref(Book::ModifierGroups), Need::Optional;
    SALE_GROUP "orit_slgr_ID" 2 Kind::Ref(Book::SaleGroups), Need::Server(Fill::SaleGroup);
    PRIVILEGE "orit_sprv_ID" 1 Kind::Ref(Book::SalePrivileges), Need::Optional;
    PRINTED "orit_orpi_ID" 1 Kind::Guid, Need::Optional;
    PRECHECK "orit_pcit_ID" 1 Kind::Guid, Need::Later;
    VOLUME "orit_Volume" 2 Kind::Number(Sign::Positive), Need::Server(Fill::Volume);
    COUNT "orit_Count" 2 Kind::Number(Sign::Positive), Need::Client;
    PRICE "orit_Price" 2 Kind::Number(Sign::NotNegative), Need::Client;
    DISCOUNT "orit_PriceDiscount" 1 Kind::Number(Sign::NotNegative), Need::Server(Fill::Number(0));
    MARGIN "orit_PriceMargin" 1 Kind::Number(Sign::NotNegative), Need::Server(Fill::Number(0));
    VAT "orit_VAT" 2 Kind::Number(Sign::NotNegative), Need::Server(Fill::Vat);
    PRICE_VAT "orit_PriceVat" 3 Kind::Number(Sign::NotNegative), Need::Server(Fill::PriceVat);
    COURSE "orit_Course" 0 Kind::Int, Need::Optional;
    ORDER "orit_Order" 0 Kind::Int, Need::Server(Fill::Position);
    UNSPENT "orit_IsUnspentCredit" 0 Kind::Flag, Need::Server(Fill::No);
} }

table! { discount = "tp_OrderItemDiscounts" {
    ID "oritd_ID" 2 Kind::Guid, Need::Server(Fill::NewId);
    ITEM "oritd_orit_ID" 2 Kind::Guid, Need::Link(Link::Item);
    TYPE "oritd_dstp_ID" 2 Kind::Ref(Book::DiscountTypes), Need::Client;
    PRICE "oritd_Price" 2 Kind::Number(Sign::NotNegative), Need::Client;
    DISCOUNT "oritd_PriceDiscount" 2 Kind::Number(Sign::NotNegative), Need::Server(Fill::Number(0));
    MARGIN "oritd_PriceMargin" 2 Kind::Number(Sign::NotNegative), Need::Server(Fill::Number(0));
    ORDER "oritd_Order" 2 Kind::Int, Need::Server(Fill::Position);
} }

table! { points = "tp_GuestDiscountPointOperations" {
    ID "gdpo_ID" 2 Kind::Guid, Need::Server(Fill::NewId);
    GUEST "gdpo_gest_ID" 2 Kind::Guid, Need::Link(Link::Bill);
    TYPE "gdpo_dspt_ID" 2 Kind::Ref(Book::PointTypes), Need::Client;
    OPERATION "gdpo_gdpot_ID" 3 Kind::State(States::PointOperation), Need::Server(Fill::State(States::PointOperation, Part::New));
    DATE "gdpo_Date" 3 Kind::Date, Need::Server(Fill::Now);
    NAME "gdpo_Name" 3 Kind::Text, Need::Server(Fill::BillName);
    DESCRIPTION "gdpo_Description" 1 Kind::Text, Need::Optional;
    VALUE "gdpo_Value" 2 Kind::Number(Sign::Any), Need::Client;
} }

table! {
    /// The document names the table and shows one row of it.
    note = "tp_Notes" {
    ID "note_ID" 0 Kind::Guid, Need::Server(Fill::NewId);
    TYPE "note_nttp_ID" 0 Kind::Ref(Book::NoteTypes), Need::Client;
    ITEM "note_Item_ID" 0 Kind::Guid, Need::Link(Link::Bill);
    OBJECT "note_obj_ID" 0 Kind::Guid, Need::Link(Link::Bill);
    SYSTEM "note_tpsyso_ID" 0 Kind::Guid, Need::Server(Fill::SystemObject);
    DATE "note_Date" 0 Kind::Date, Need::Server(Fill::Now);
    VALUE "note_Value" 0 Kind::Any, Need::Client;
} }

/// Other names of columns: the document's table calls one `orit_VolumeID`, every sample `orit_Volume`.
pub(crate) const ALIASES: [(&str, &str); 1] = [("orit_VolumeID", "orit_Volume")];

/// All of them, in the document's order.
#[cfg(test)]
pub(crate) static ALL: [&Table; 8] = [
    &guest::TABLE,
    &privilege::TABLE,
    &delivery::TABLE,
    &order::TABLE,
    &item::TABLE,
    &discount::TABLE,
    &points::TABLE,
    &note::TABLE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_fits_its_mask_and_names_are_unique() {
        for table in ALL {
            assert!(table.fields.len() <= 32, "{}", table.name);
            let asked = table.fields.iter().enumerate().filter(|(_, field)| field.need == Need::Client);
            assert!(columns(table.asked).eq(asked.map(|(column, _)| column)), "{}", table.name);
            for (i, field) in table.fields.iter().enumerate() {
                assert_eq!(table.find(field.name), Some(i), "{}", field.name);
                assert!(field.ticks <= 3);
            }
        }
        assert_eq!(item::TABLE.find("orit_VolumeID"), Some(item::VOLUME));
    }

    #[test]
    fn the_readme_prints_these_tables() {
        let readme = include_str!("../../README.md");
        for table in ALL {
            assert!(readme.contains(&format!("`{}`", table.name)), "{} is not in the README", table.name);
            for field in table.fields {
                let who = match field.need {
                    Need::Client => "client",
                    Need::Server(_) => "client or server",
                    Need::Link(_) | Need::Later => "server",
                    Need::Optional => "client, optional",
                };
                let row = format!("| `{}` | {} | {who} |", field.name, "✔".repeat(usize::from(field.ticks)));
                assert!(readme.contains(&row), "the README has no row\n{row}");
            }
        }
    }
}
