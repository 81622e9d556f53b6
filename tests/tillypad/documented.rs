//! Every GUID that the document prints is in the documented world.

use serde_json::Value;

use super::{get, guest, post, sent};
use crate::support::Bench;
use stend::Config;

/// Bills, in the order of the document.
const BILLS: [&str; 9] = [
    "BFA83CA6-A5C9-8945-94FD-32CB40880933",
    "0AF8BD5C-2C23-B54A-9A6A-B64ECA8CEED9",
    "8051B912-B90C-1045-9AA9-05A049551B57",
    "E1D526BE-56F4-4C40-A169-2FEFD9D7679C",
    "38450FC9-D852-2A40-8C78-9E925A35ABDC",
    "5C493318-3A9D-F649-A431-5C685D00C99E",
    "4A40FFD0-AFFE-8028-D04F-C814FFBE337A",
    "3B8759FF-E5AC-A746-D443-0B82AC215559",
    "61BA736D-E34C-9C4B-97D3-E71BC2903915",
];

/// Rows of other tables, by the key under which the world keeps them.
const ROWS: [(&str, &str); 42] = [
    ("divisions", "274013BE-AA55-294F-ADC6-99DE44BEA4E1"),
    ("divisions", "8051B912-B90C-1045-9AA9-05A049551B57"),
    ("divisions", "7BF665B0-2793-4B26-946E-D03A82E7EECB"),
    ("divisions", "7917642D-FF72-3B47-8ED8-04052BC144CB"),
    ("books.pay_types", "0789C108-6C80-BC47-BB39-A13C7CDDD030"),
    ("books.pay_types", "CADA63B6-6833-574F-8427-AB98AE931814"),
    ("books.pay_types", "7EDA47CA-B67E-CB41-BF80-467D7C9086B0"),
    ("books.conceptions", "15761EEA-AD73-BA46-AE1E-5F288CB9BE97"),
    ("books.conceptions", "B719499B-9DFC-BA47-B027-0F390028946E"),
    ("menu.items", "708E39BB-F1E6-E546-B7A2-4568A30B3FA4"),
    ("menu.items", "6D572995-2636-194D-ADEF-CFD2A87E288F"),
    ("menu.items", "0702420B-F65C-BA49-B099-D1870855F990"),
    ("menu.items", "88F17CAB-4B47-294D-AAFE-D760B47A1540"),
    ("menu.items", "025D6A2F-9136-FF4E-93D3-912936643268"),
    ("menu.items", "289066B9-823F-6D4E-A1FA-987BBCEEAAA5"),
    ("menu.items", "2A8BA73F-8DC0-F74C-8BA8-B081FEF9C2CC"),
    ("menu.items", "6D6EC248-EC86-5F4E-84B3-C450C1919221"),
    ("menu.items", "B981C624-DA3A-F846-B35D-6D07E8A974FA"),
    ("menu.items", "D40DF381-FAE8-7243-8A72-7CEA2CFE02DA"),
    ("menu.items", "FBE3CE39-94AA-D149-A993-1628A1092830"),
    ("books.movement_types", "2FD4FA63-12A1-4FAD-B215-607460886D82"),
    ("books.movement_types", "5224EB11-E8BE-1846-98C6-895B4B449B91"),
    ("books.sale_privileges", "D572B760-99CB-C64D-9CE0-77FD5FD1171E"),
    ("clients", "7F944ABD-0729-D948-A052-531D74B3482F"),
    ("clients", "707A901A-D652-994C-9159-65D366C16FC6"),
    ("clients", "83BBEDEE-723B-AA6F-8B4E-A9FD3E75AEF0"),
    ("books.modifier_groups", "93BF901D-ECAB-CA4A-9FCC-DA9E99C805DF"),
    ("books.users", "5D7FEB83-5686-4DCB-9F09-C64C51B0A41D"),
    ("books.users", "942AF580-6AE9-4D89-9465-7A348FB604E9"),
    ("books.users", "08200CFE-6E36-42B6-B1A1-D5653C88970B"),
    ("books.devices", "F721D056-4AAF-4EF1-86F3-57A1BF588FDA"),
    ("books.devices", "D263A172-4D18-BC4A-AF9C-9CD5F61732E7"),
    ("books.discount_types", "B9EC5388-9B01-8C47-932E-5F449A5EFA79"),
    ("books.point_types", "A976C6ED-C511-4755-B942-636645A6A1B0"),
    ("books.point_types", "CADA63B6-6833-574F-8427-AB98AE931814"),
    ("books.note_types", "480F64A0-B729-3140-B796-678A1CD754F0"),
    ("books.note_types", "5D0B2641-80FA-3743-A463-65FA674EF1DC"),
    ("books.note_types", "60D367B5-15D2-D24D-8A74-A28F40C8CB9D"),
    ("books.note_types", "0412C97B-AF11-2447-88D9-B40FA0EB996D"),
    ("books.sale_groups", "25E3A39D-43E3-E840-8CCC-ED0DC12A4A37"),
    ("books.places", "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C"),
    ("days", "863A1F77-B9E9-CA47-A144-F1E8492F2B02"),
];

#[tokio::test]
async fn printed_ids_resolve() {
    let bench = Bench::start().await;
    for id in BILLS {
        assert_eq!(guest(&bench, id).await["gest_ID"], id);
    }
    let range = "/get-closed-guests-id?from=2020-04-29T19:00:00&to=2021-01-18T19:00:00";
    for id in get(&bench, range).await.as_array().expect("ids") {
        assert_eq!(guest(&bench, id.as_str().unwrap()).await["gest_gsst_ID"], 5);
    }
    let state = bench.state().await["tillypad"].clone();
    for (key, id) in ROWS {
        let list = key.split('.').fold(&state, |value: &Value, key| &value[key]);
        assert!(list.as_array().expect(key).iter().any(|row| row["id"] == id), "{id} is not in {key}");
    }
    assert_eq!(state["system_object"], "7F40833C-3722-4502-BC11-45EC786A4621");
}

#[tokio::test]
async fn a_strict_world_takes_every_printed_request() {
    let bench = Bench::with(Config { strict: true, ..Config::default() }).await;
    for (target, name) in [
        ("/post-guest", "post-guest/guest"),
        ("/post-guest", "post-guest/points"),
        ("/post-guest", "post-guest/discount-sum"),
        ("/post-guest", "post-guest/point-operations"),
        ("/calc-discount", "calc-discount/post"),
        ("/pay-guest?delete-prechecks=0", "pay-guest/request"),
    ] {
        let answer = post(&bench, target, &sent(name)).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.text);
    }
}
