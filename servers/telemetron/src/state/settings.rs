//! What can be set about a world: spans and limits, and which interpretation of the document holds where it allows two.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Span;

use crate::state::number::Roubles;
use crate::state::time::seconds;

stend_core::interpretations! {
    /// How often a refresh token can be changed for a new pair.
    #[because = "A new pair suggests that the old token is spent; the document does not say so, and RFC 6749 leaves it open."]
    RefreshTokenUse {
        /// Once.
        #[claims("T2")]
        Once,
        /// As often as one likes, until it ends.
        Unlimited,
    }
    /// What becomes of an access token when the refresh token that came with it is used.
    #[because = "The document speaks of a new pair and not of the old one; servers that end the old access token are common."]
    RefreshedAccessToken {
        /// It lives on until its own end.
        #[claims("TM-055")]
        LivesOn,
        /// It ends.
        Ends,
    }
    /// What a logout ends.
    #[because = "The document speaks of the access token alone; a server may as well end what came with it."]
    Logout {
        /// The access token that is sent.
        #[claims("TM-060")]
        AccessToken,
        /// Also the refresh token that came with it.
        BothTokens,
    }
    /// The body of the 400 that refuses tokens.
    #[because = "The general section gives every error a body, and OAuth2's is that of RFC 6749; the printed 400 has none."]
    AuthRefusal {
        /// RFC 6749's error object, and a message.
        #[claims("TM-051", "T1")]
        ErrorObject,
        /// None, as the samples have it.
        #[claims("TM-050")]
        NoContent,
    }
    /// What happens to a period that is longer or goes back further than is available.
    #[because = "The document says what is available and not what becomes of a request for more; a refusal shows a client its mistake."]
    BeyondLimits {
        /// A 422 that names the field.
        #[claims("TM-210")]
        Refused,
        /// It is cut to what is available.
        Cut,
    }
    /// What `local=1` makes of a time that names its zone.
    #[because = "The printed requests give +03:00 and local=1 at once, which can also mean the clock on the machine's wall."]
    LocalPeriods {
        /// The zone that is named counts.
        #[claims("TM-211")]
        NamedZone,
        /// The zone is ignored: the clock on the machine's wall is meant.
        WallClock,
    }
    /// What an inventory of nothing is.
    #[because = "A 422 that wants data.0.loaded is printed beside it, which is word for word that of the next example."]
    EmptyInventory {
        /// 400 with `L103`.
        #[claims("TM-271", "T7")]
        NotEnoughData,
        /// 422 that wants `data.0.loaded`.
        #[claims("TM-272")]
        InvalidData,
    }
    /// What is meant by a product without its spiral in a loading or an inventory.
    #[because = "The printed loading names none for component 100, which the printed level has in two spirals; the text wants one for products."]
    UnnamedSpiral {
        /// The first that holds the product.
        #[claims("TM-264")]
        First,
        /// Nothing: 422.
        Refused,
    }
    /// The longest phone number of a modem.
    #[because = "The sample of 11 digits succeeds; the printed text of the error speaks of 10."]
    PhoneLimit {
        /// 11 characters, as many as the sample has that succeeds.
        #[claims("T11")]
        Eleven,
        /// 10 characters, as the sample's error says.
        #[claims("TM-117")]
        Ten,
    }
    /// The unit of money in sums of sales.
    #[because = "No unit is named: the printed 869500 for 255 sales is 34 roubles each in kopecks, which agrees with the printed prices."]
    SummaryMoney {
        /// Kopecks.
        #[claims("TM-380", "T14")]
        Kopecks,
        /// Roubles, as in rows.
        Roubles,
    }
    /// Which vends are counted in sums of sales.
    #[because = "The document does not say which are counted; so the sums agree with those by group, which have them."]
    SummaryVends {
        /// All: paid, free and test ones.
        #[claims("TM-379")]
        All,
        /// Those that were paid for.
        Paid,
    }
    /// How the state of a machine is printed whose modem has sent nothing yet.
    #[because = "Both are documented and no sample shows either; state is a number in the attributes, so 0 is the default."]
    UnknownState {
        /// `0`.
        #[claims("TM-072")]
        Zero,
        /// `null`.
        #[claims("TM-072")]
        Null,
    }
    /// `evadts_port` of a machine that has only one.
    #[because = "Both are documented; the sample has 1, which is the default."]
    SinglePort {
        /// `1`.
        #[claims("TM-313")]
        One,
        /// `null`.
        #[claims("TM-313")]
        Null,
    }
    /// How fields are printed of which samples and lists of attributes differ: `imei` in the list of machines,
    /// `evadts_port` in the list of reports, the machine's inventory number on receipts.
    #[because = "Samples and lists of attributes differ; typed clients were written against the samples, so these are the default."]
    DisputedFields {
        /// As samples print them: two numbers, and `vm_inventory_number`.
        Samples,
        /// As attributes name them: two strings, and `inventory_number`.
        #[claims("TM-132", "TM-219", "TM-439")]
        Attributes,
    }
    /// The modes in which planograms can be made.
    #[because = "The attribute's enumeration has basic as well, which is the default: it is what a request is checked against."]
    PlanogramModes {
        /// Both that the attribute names.
        SnackAndBasic,
        /// The one that the text calls supported.
        #[claims("TM-472")]
        Snack,
    }
    /// How the full list prints a planogram with nothing in it.
    #[because = "The third printed planogram has none; its name says that it is not empty, and full promises the lists."]
    EmptyPlanogram {
        /// With its name alone, as the sample.
        #[claims("TM-463")]
        NameOnly,
        /// With three empty lists.
        EmptyLists,
    }
    /// The unit of `discount` when a drink is given out.
    #[because = "The document names no unit; the rows of statistics print a discount beside prices in roubles, the credit beside it is in kopecks."]
    DispenseDiscount {
        /// Roubles, as the rows of statistics have it.
        #[claims("TM-238")]
        Roubles,
        /// Kopecks, as the credit beside it has.
        Kopecks,
        /// Percent of the price.
        Percent,
    }
    /// The unit of a machine's `min_price` and `max_price`.
    #[because = "The document names no unit; prices are in roubles elsewhere, and the machine's money is in kopecks."]
    ReceiptLimits {
        /// Roubles, as prices are.
        #[claims("TM-152")]
        Roubles,
        /// Kopecks, as the machine's `money` is.
        Kopecks,
    }
    /// What `cp1251=1` without `base64=1` encodes.
    #[because = "A body in Windows-1251 cannot stand in JSON that is UTF-8; a server that ignores the flag there is as likely."]
    Cp1251 {
        /// The whole reply, which says so in its content type.
        #[claims("TM-226", "T10")]
        WholeReply,
        /// Nothing: JSON is UTF-8.
        PackedOnly,
    }
    /// Which numbers stand for which units.
    #[because = "No table says so: the samples have cups by 1 and 100 of water by 2, the attribute lists мл, шт, гр."]
    UnitNumbers {
        /// As samples use them: 1 pieces, 2 millilitres, 3 grams.
        #[claims("TM-550")]
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
    #[schemars(extend("x-claims" = ["TM-056"], "x-because" = "The document gives access tokens a time and refresh tokens none."))]
    pub refresh_tokens: Span,
    /// How long until a modem's next ping, which answers requests for data.
    #[schemars(extend("x-claims" = ["TM-305"], "x-because" = "The document calls it hard to control and possibly long."))]
    pub ping: Span,
    /// How often every modem reads its machine by itself, counted from 1970 in UTC; `0s`: only when asked.
    #[schemars(extend("x-claims" = ["T21"], "x-because" = "The document prints periodic reports and not how often a modem sends one.", "x-off" = "0s"))]
    pub report_every: Span,
    /// How often an operator comes to every machine, fills it up and collects its cash, counted from 1970 in UTC; `0s`: only
    /// by actions.
    #[schemars(extend("x-off" = "0s"))]
    pub visits_every: Span,
    /// How long sales, receipts, loadings and collections are kept at least, and what a silent machine has to tell; `0s`: for
    /// ever. The API looks two months back at the most.
    #[schemars(extend("x-off" = "0s"))]
    pub keep: Span,
    /// The same loading again within this time is a duplicate; `0s`: none ever is.
    #[schemars(extend("x-claims" = ["TM-263", "T6"], "x-because" = "The document prints the refusal and not how long or by what a duplicate is known.", "x-off" = "0s"))]
    pub duplicates: Span,
    /// Below this, in roubles, there is little change.
    #[schemars(extend("x-claims" = ["TM-081", "T15"], "x-because" = "The document does not say what is little."))]
    pub low_change: Roubles,
    /// What the tubes of a machine hold, in roubles.
    pub tubes: Roubles,
    /// After this without a sale there are no recent sales.
    #[schemars(extend("x-claims" = ["TM-082"], "x-because" = "The document does not say what is long."))]
    pub no_sales: Span,
    /// After this without a note, notes have not come for long.
    #[schemars(extend("x-claims" = ["TM-125"], "x-because" = "The document does not say what is long; a note or coin that never came is not missed."))]
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
    #[schemars(extend("x-claims" = ["TM-353"], "x-because" = "Two rows are printed; a world names the vendor's other ids where they are known."))]
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
            visits_every: Span::from_secs(0),
            keep: Span::from_secs(0),
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
