//! The directories of a world that gives none of its own. The document prints two rows of each; the other events are
//! those of the EVA-DTS groups in our words, and the modem's own, whose codes but `TEVA` are ours.

use crate::state::company::{ErrorCode, EventCode, Model, Type};

#[rustfmt::skip]
const EVENTS: [(&str, &str, &str); 61] = [
    ("EA", "Coin Mechanism", "COIN MECHANISM: General non-specific Coin Mechanism fault."),
    ("EA1A", "Cassette Removed", "COIN MECHANISM: The coin storage cassette has been removed unexpectedly."),
    ("EAA", "Coin Entry Chute", "COIN MECHANISM: Coins jam in the entry chute."),
    ("EAB", "Change Return", "COIN MECHANISM: Rejected coins or change do not come out."),
    ("EAC", "Slugs Accepted", "COIN MECHANISM: Foreign coins or slugs are being put in."),
    ("EAD", "Validator Jammed", "COIN MECHANISM: A jam in the part that recognises coins."),
    ("EAE", "Validator Faulty", "COIN MECHANISM: Coins are no longer recognised."),
    ("EAF", "Tubes Jammed", "COIN MECHANISM: A jam in the change tubes."),
    ("EAG", "Payout Faulty", "COIN MECHANISM: Change cannot be paid out."),
    ("EAH", "Tubes Low", "COIN MECHANISM: Little change is left in the tubes."),
    ("EAR", "Data Read", "COIN MECHANISM: Audit data has been read."),
    ("EB", "Cup System", "CUP SYSTEM: General fault."),
    ("EBA", "No Cups", "CUP SYSTEM: The cups have run out."),
    ("EBB", "Cup Jam", "CUP SYSTEM: A cup is stuck."),
    ("EBC", "Cup Ring", "CUP SYSTEM: The cup ring does not move."),
    ("EC", "Control System", "CONTROL SYSTEM: General fault."),
    ("ECA", "Power Lost", "CONTROL SYSTEM: The mains have failed."),
    ("ECB", "Power Back", "CONTROL SYSTEM: The mains are back."),
    ("ECC", "Memory Fault", "CONTROL SYSTEM: Memory cannot be read."),
    ("ECD", "Data Cleared", "CONTROL SYSTEM: Audit counters have been cleared."),
    ("ED", "Hot Drink System", "HOT DRINKS: General fault."),
    ("EDA", "Water Empty", "HOT DRINKS: The boiler does not fill."),
    ("EDB", "Heating Slow", "HOT DRINKS: Water does not reach its temperature."),
    ("EDC", "Brewer Jammed", "HOT DRINKS: The brewer does not move."),
    ("EDD", "Grinder Faulty", "HOT DRINKS: The grinder does not turn."),
    ("EDE", "Mixer Faulty", "HOT DRINKS: A mixer does not turn."),
    ("EDF", "Waste Full", "HOT DRINKS: The waste bucket is full."),
    ("EE", "Cold Drink System", "COLD DRINKS: General fault."),
    ("EF", "Communications", "COMMUNICATIONS: General fault."),
    ("EG", "Cabinet", "CABINET: General fault."),
    ("EGA", "Temperature High", "CABINET: It is too warm inside."),
    ("EGB", "Temperature Low", "CABINET: It is too cold inside."),
    ("EGS", "Door Open", "CABINET: The main door has been opened."),
    ("EH", "Food System", "FOOD: General fault."),
    ("EI", "Product System", "PRODUCT: General fault."),
    ("EIA", "Product Low", "PRODUCT: A product is down to its critical level."),
    ("EIB", "Sold Out", "PRODUCT: A product has been sold out."),
    ("EJ", "Delivery", "DELIVERY: General fault."),
    ("EJA", "Column Jam", "DELIVERY: A spiral or column is stuck."),
    ("EJB", "Motor Jam", "DELIVERY: A motor does not turn."),
    ("EJL", "Delivery Sensor", "DELIVERY: The sensor did not see the product fall."),
    ("EK", "Cashless", "CASHLESS: General fault of the card reader."),
    ("EKA", "Card Stuck", "CASHLESS: A card is stuck in the reader."),
    ("EL", "Water System", "WATER: General fault."),
    ("EN", "Bill Validator", "BILL VALIDATOR: General fault."),
    ("ENA", "Path Blocked", "BILL VALIDATOR: A note is stuck on its way."),
    ("ENB", "Notes Rejected", "BILL VALIDATOR: Too many notes are rejected."),
    ("ENE", "Stacker Full", "BILL VALIDATOR: The stacker is full."),
    ("ENF", "Stacker Away", "BILL VALIDATOR: The stacker is not in its place."),
    ("OA", "Operator Code", "OPERATOR: A code of the machine's own."),
    ("OFA", "Coin Box Emptied", "OPERATOR: The coin box has been emptied."),
    ("TEVA", "EVA-DTS Report", "MODEM: A report has been read from the machine."),
    ("TCOL", "Collection", "MODEM: Coin box and stacker have been emptied."),
    ("TOFF", "Connection Lost", "MODEM: The modem has no connection."),
    ("TON", "Connection Back", "MODEM: The modem has its connection again."),
    ("TRST", "Modem Restart", "MODEM: The modem was told to restart."),
    ("TERR", "Error", "MODEM: The machine has told of an error of its own."),
    ("TOK", "Recovered", "MODEM: What was broken works again."),
    ("TDOOR", "Door", "MODEM: The door switch has changed."),
    ("TPWR", "Battery", "MODEM: The modem runs on its battery."),
    ("TCFG", "Configuration", "MODEM: The configuration has been sent."),
];

/// Codes of events.
pub(crate) fn events() -> Vec<EventCode> {
    EVENTS
        .iter()
        .map(|(code, name, desc)| EventCode { code: (*code).into(), name: (*name).into(), desc: (*desc).into() })
        .collect()
}

/// Codes of errors: the one that is printed. Its comment is the string `null`, as printed.
pub(crate) fn errors() -> Vec<ErrorCode> {
    vec![ErrorCode {
        code: "D54".into(),
        vendor_code: "54".into(),
        name: "Ошибка 54".into(),
        note: "Не заданы параметры перекрестной электропроводки кнопки выбора. Есть кнопка выбора с незаданными параметрами перекрестной электропроводки кнопки выбора".into(),
        comment: Some("null".into()),
        severity: 3,
    }]
}

/// Models: the two that are printed, and the one for machines whose model is not in the list.
pub(crate) fn models() -> Vec<Model> {
    let model = |id, name: &str, kind| Model { id, name: name.into(), kind };
    vec![
        model(1, "Bianchi BVM 676", Some(Type::Coffee)),
        model(2, "Necta Kikko Max", Some(Type::Coffee)),
        model(52, "Модель не указана", None),
    ]
}
