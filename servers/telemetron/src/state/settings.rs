//! What can be set about a world: spans and limits, and which reading of the document holds where it allows two.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Span;

use crate::state::number::Roubles;
use crate::state::time::seconds;

stend_core::interpretations! {
    /// How often a refresh token can be changed for a new pair.
    RefreshTokenUse {
        /// Once.
        Once,
        /// As often as one likes, until it ends.
        Unlimited,
    }
    /// What becomes of an access token when the refresh token that came with it is used.
    RefreshedAccessToken {
        /// It lives on until its own end.
        LivesOn,
        /// It ends.
        Ends,
    }
    /// What a logout ends.
    Logout {
        /// The access token that is sent.
        AccessToken,
        /// Also the refresh token that came with it.
        BothTokens,
    }
    /// The body of the 400 that refuses tokens.
    AuthRefusal {
        /// RFC 6749's error object, and a message.
        ErrorObject,
        /// None, as the samples have it.
        NoContent,
    }
    /// What happens to a period that is longer or goes back further than is available.
    BeyondLimits {
        /// A 422 that names the field.
        Refused,
        /// It is cut to what is available.
        Cut,
    }
    /// What `local=1` makes of a time that names its zone.
    LocalPeriods {
        /// The zone that is named counts.
        NamedZone,
        /// The zone is ignored: the clock on the machine's wall is meant.
        WallClock,
    }
    /// What an inventory of nothing is.
    EmptyInventory {
        /// 400 with `L103`.
        NotEnoughData,
        /// 422 that wants `data.0.loaded`.
        InvalidData,
    }
    /// What is meant by a product without its spiral in a loading or an inventory.
    UnnamedSpiral {
        /// The first that holds the product.
        First,
        /// Nothing: 422.
        Refused,
    }
    /// The longest phone number of a modem.
    PhoneLimit {
        /// 11 characters, as many as the sample has that succeeds.
        Eleven,
        /// 10 characters, as the sample's error says.
        Ten,
    }
    /// The unit of money in sums of sales.
    SummaryMoney {
        /// Kopecks.
        Kopecks,
        /// Roubles, as in rows.
        Roubles,
    }
    /// Which vends are counted in sums of sales.
    SummaryVends {
        /// All: paid, free and test ones.
        All,
        /// Those that were paid for.
        Paid,
    }
    /// How the state of a machine is printed whose modem has sent nothing yet.
    UnknownState {
        /// `0`.
        Zero,
        /// `null`.
        Null,
    }
    /// `evadts_port` of a machine that has only one.
    SinglePort {
        /// `1`.
        One,
        /// `null`.
        Null,
    }
    /// How fields are printed of which samples and lists of attributes differ: `imei` in the list of machines,
    /// `evadts_port` in the list of reports, the machine's inventory number on receipts.
    DisputedFields {
        /// As samples print them: two numbers, and `vm_inventory_number`.
        Samples,
        /// As attributes name them: two strings, and `inventory_number`.
        Attributes,
    }
    /// The modes in which planograms can be made.
    PlanogramModes {
        /// Both that the attribute names.
        SnackAndBasic,
        /// The one that the text calls supported.
        Snack,
    }
    /// How the full list prints a planogram with nothing in it.
    EmptyPlanogram {
        /// With its name alone, as the sample.
        NameOnly,
        /// With three empty lists.
        EmptyLists,
    }
    /// The unit of `discount` when a drink is given out.
    DispenseDiscount {
        /// Roubles, as the rows of statistics have it.
        Roubles,
        /// Kopecks, as the credit beside it has.
        Kopecks,
        /// Percent of the price.
        Percent,
    }
    /// The unit of a machine's `min_price` and `max_price`.
    ReceiptLimits {
        /// Roubles, as prices are.
        Roubles,
        /// Kopecks, as the machine's `money` is.
        Kopecks,
    }
    /// What `cp1251=1` without `base64=1` encodes.
    Cp1251 {
        /// The whole reply, which says so in its content type.
        WholeReply,
        /// Nothing: JSON is UTF-8.
        PackedOnly,
    }
    /// Which numbers stand for which units.
    UnitNumbers {
        /// As samples use them: 1 pieces, 2 millilitres, 3 grams.
        Samples,
        /// In the order of the attribute: 1 millilitres, 2 pieces, 3 grams.
        Attributes,
    }
}

/// What can be set about a world.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long access tokens live.
    pub access_tokens: Span,
    /// How long refresh tokens live.
    pub refresh_tokens: Span,
    /// How long until a modem's next ping, which answers requests for data.
    pub ping: Span,
    /// How often every modem reads its machine by itself, counted from 1970 in UTC; `0s`: only when asked.
    pub report_every: Span,
    /// The same loading again within this time is a duplicate; `0s`: none ever is.
    pub duplicates: Span,
    /// Below this, in roubles, there is little change.
    pub low_change: Roubles,
    /// What the tubes of a machine hold, in roubles.
    pub tubes: Roubles,
    /// After this without a sale there are no recent sales.
    pub no_sales: Span,
    /// After this without a note, notes have not come for long.
    pub no_bills: Span,
    /// After this without a coin, coins have not come for long.
    pub no_coins: Span,
    /// How often a refresh token can be used.
    pub refresh_token_use: RefreshTokenUse,
    /// Whether an access token outlives the use of its refresh token.
    pub refreshed_access_token: RefreshedAccessToken,
    /// What a logout ends.
    pub logout: Logout,
    /// The body of a refused request for tokens.
    pub auth_refusal: AuthRefusal,
    /// Periods that are too long or go back too far.
    pub beyond_limits: BeyondLimits,
    /// Times with a zone under `local=1`.
    pub local_periods: LocalPeriods,
    /// An inventory of nothing.
    pub empty_inventory: EmptyInventory,
    /// A product without its spiral.
    pub unnamed_spiral: UnnamedSpiral,
    /// The longest phone number of a modem.
    pub phone_limit: PhoneLimit,
    /// The unit of money in sums.
    pub summary_money: SummaryMoney,
    /// The vends that sums count.
    pub summary_vends: SummaryVends,
    /// The state of a machine that nothing is known of.
    pub unknown_state: UnknownState,
    /// The port of a machine that has one.
    pub single_port: SinglePort,
    /// Fields of which samples and attributes differ.
    pub disputed_fields: DisputedFields,
    /// Modes in which planograms can be made.
    pub planogram_modes: PlanogramModes,
    /// A planogram with nothing in it.
    pub empty_planogram: EmptyPlanogram,
    /// The unit of a drink's discount.
    pub dispense_discount: DispenseDiscount,
    /// The unit of a machine's limits for receipts in requests and replies; here in the file they are in roubles.
    pub receipt_limits: ReceiptLimits,
    /// Reports in Windows-1251.
    pub cp1251: Cp1251,
    /// Numbers of units.
    pub unit_numbers: UnitNumbers,
    /// Ids of time zones by name, where the vendor's are known; a zone whose id is taken so gets one at the end.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub zone_ids: BTreeMap<String, i64>,
}

const DAY: u32 = 24 * 3600;

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_tokens: Span::from_secs(DAY),
            refresh_tokens: Span::from_secs(30 * DAY),
            ping: Span::from_secs(60),
            report_every: Span::from_secs(0),
            duplicates: Span::from_secs(60),
            low_change: Roubles::whole(200),
            tubes: Roubles::whole(1000),
            no_sales: Span::from_secs(DAY),
            no_bills: Span::from_secs(3 * DAY),
            no_coins: Span::from_secs(3 * DAY),
            refresh_token_use: Default::default(),
            refreshed_access_token: Default::default(),
            logout: Default::default(),
            auth_refusal: Default::default(),
            beyond_limits: Default::default(),
            local_periods: Default::default(),
            empty_inventory: Default::default(),
            unnamed_spiral: Default::default(),
            phone_limit: Default::default(),
            summary_money: Default::default(),
            summary_vends: Default::default(),
            unknown_state: Default::default(),
            single_port: Default::default(),
            disputed_fields: Default::default(),
            planogram_modes: Default::default(),
            empty_planogram: Default::default(),
            dispense_discount: Default::default(),
            receipt_limits: Default::default(),
            cp1251: Default::default(),
            unit_numbers: Default::default(),
            zone_ids: BTreeMap::new(),
        }
    }
}

impl Settings {
    pub(crate) fn token_lifetime(&self) -> i64 {
        seconds(self.access_tokens.signed())
    }

    pub(crate) fn refresh_lifetime(&self) -> i64 {
        seconds(self.refresh_tokens.signed())
    }

    /// A limit for receipts as a request has it.
    pub(crate) fn read_limit(&self, number: Roubles) -> Roubles {
        match self.receipt_limits {
            ReceiptLimits::Roubles => number,
            ReceiptLimits::Kopecks => Roubles::from_kopecks(number.0 / 100),
        }
    }

    /// The same as a reply has it.
    pub(crate) fn show_limit(&self, limit: Roubles) -> Roubles {
        match self.receipt_limits {
            ReceiptLimits::Roubles => limit,
            ReceiptLimits::Kopecks => Roubles::whole(limit.0),
        }
    }

    /// Money of a sum, from kopecks, as a reply has it.
    pub(crate) fn show_sum(&self, kopecks: i64) -> Roubles {
        match self.summary_money {
            SummaryMoney::Kopecks => Roubles::whole(kopecks),
            SummaryMoney::Roubles => Roubles::from_kopecks(kopecks),
        }
    }
}
