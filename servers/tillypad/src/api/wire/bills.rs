//! Bills as clients get them.

use jiff::civil::{Date, DateTime};

use crate::api::wire::out::Out;
use crate::state::guid::Guid;
use crate::state::settings::SingleDiscount;
use crate::state::tables::{States, guest};

use crate::state::State;
use crate::state::bill::Bill;

/// About what a bill takes on the wire.
const BILL_BYTES: usize = 4_096;

impl State {
    fn tabs(&self) -> [(&'static str, &[Guid]); 2] {
        [
            ("discountSum", &self.points.declared_notes),
            ("appliedDiscountSum", std::slice::from_ref(&self.points.applied_note)),
        ]
    }

    fn bill_out(&self) -> Out {
        Out::with_room(BILL_BYTES).single_discounts_as_lists(self.settings.single_discount == SingleDiscount::List)
    }

    /// A bill as clients get it.
    pub(crate) fn bill_json(&self, bill: &Bill) -> String {
        let mut out = self.bill_out();
        out.bill(bill, &self.tabs());
        out.finish()
    }

    /// `get-guest`: the whole bill, if there is one.
    pub fn guest_json(&self, id: Guid) -> Option<String> {
        self.bills.get(id).map(|bill| self.bill_json(bill))
    }

    /// `get-guests`: all bills of a client; of an unknown client there are none.
    pub fn guests_json(&self, client: Guid) -> String {
        let mut out = self.bill_out();
        let tabs = self.tabs();
        out.list(self.bills.of_client(client), |out, bill| out.bill(bill, &tabs));
        out.finish()
    }

    /// `get-guest-info`: the bills of a name and date.
    pub fn info_json(&self, name: &str, date: Date) -> String {
        let mut out = Out::with_room(1_024);
        out.list(self.bills.named(name, date), |out, bill| self.info(out, bill));
        out.finish()
    }

    fn info(&self, out: &mut Out, bill: &Bill) {
        out.object(|out| {
            out.key("ID").guid(bill.id());
            if let Some(opened) = bill.opened() {
                out.key("Date").date(opened);
            }
            if let Some(id) = bill.division() {
                let name = self.divisions.get(&id).map(|division| division.name.as_str());
                out.key("Division").object(|out| {
                    out.key("ID").guid(id);
                    out.key("Name").string(name.unwrap_or_default());
                });
            }
            out.key("State").object(|out| {
                out.key("ID").int(bill.state());
                out.key("Name").string(self.state_name(States::Guest, bill.state()).unwrap_or_default());
            });
            // A bill without a regular client says what is known of the guest.
            let client = bill.client().and_then(|id| self.clients.get(&id));
            let phone = client.and_then(|client| client.phones.first()).map(|phone| phone.number.as_str());
            out.key("Client").object(|out| {
                match bill.client() {
                    Some(id) => out.key("ID").guid(id),
                    None => out.key("ID").string_or_null(None),
                }
                let name = client.map(|client| client.name.as_str());
                out.key("Name").string_or_null(name.or(bill.guest.text(guest::CLIENT_NAME)));
                out.key("Phone").string_or_null(phone.or(bill.guest.text(guest::CLIENT_PHONE)));
            });
            out.key("Sum").fraction(bill.total());
        });
    }

    /// `get-closed-guests-id`: the bills that were closed within this time, of one division or of all, oldest first; of
    /// a division that is not there there are none.
    pub fn closed_json(&self, from: DateTime, to: DateTime, division: Option<Guid>) -> String {
        let mut found: Vec<(DateTime, u64, Guid)> = match division {
            Some(id) => self.bills.closed(id, from, to).collect(),
            None => self.divisions.keys().flat_map(|id| self.bills.closed(*id, from, to)).collect(),
        };
        found.sort_unstable();
        let mut out = Out::with_room(found.len() * 40 + 2);
        out.list(found, |out, (_, _, id)| out.guid(id));
        out.finish()
    }
}
