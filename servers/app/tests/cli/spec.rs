//! `stend spec`.

use serde_json::Value;

use crate::support::{described, stend};

#[test]
fn a_specification_is_printed_as_yaml_or_json() {
    for service in ["carbis", "telemetron"] {
        let (code, yaml, err) = described(&stend(&["spec", service]));
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(yaml.starts_with("openapi: \"3.1.0\"\n"), "{yaml:.200}");
        let (code, json, _) = described(&stend(&["spec", service, "--format", "json"]));
        assert_eq!(code, 0);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["openapi"], "3.1.0");
        assert_eq!(json, stend_core::Node::parse(&yaml).unwrap().to_json(), "the same in both forms");
    }
}

#[test]
fn samples_are_its_examples() {
    let (_, json, _) = described(&stend(&["spec", "telemetron", "--format", "json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    let events = &json["paths"]["/v2/vending_machines/{vm_id}/events"]["get"]["responses"]["200"];
    let example = &events["content"]["application/json"]["examples"]["events-two"]["value"];
    assert_eq!(example[0]["code"], "TEVA");
}

#[test]
fn an_unknown_fake_names_the_nearest() {
    let (code, out, err) = described(&stend(&["spec", "carbs"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("unknown fake `carbs`") && err.contains("did you mean `carbis`?"), "{err}");
}

#[test]
fn the_control_api_has_one_too() {
    let (code, yaml, err) = described(&stend(&["spec", "control"]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(yaml.contains("/control/v1/worlds/{world}/verify"), "{yaml:.200}");
}
