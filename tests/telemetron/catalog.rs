//! Components, products, recipes, planograms: what is made is listed, and what cannot be is refused.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

#[proves("TM-087", "TM-487", "TM-488", "TM-491", "TM-493", "TM-512", "TM-515", "TM-516", "TM-544")]
#[tokio::test]
async fn a_product_brings_its_own_component_and_takes_it_away() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &json!({})).await;
    let new = json!({"composite": false, "name": "Сникерс 75гр", "vat": "12.5", "inventory_number": 77});
    api.expect(201, Method::POST, "/v2/products", new).await;
    let shown = json!([{
        "id": 1, "composite": false, "name": "Сникерс 75гр", "components": [{"volume": 1, "id": 1}], "inventory_number": "77", "vat": 12.5
    }]);
    assert_eq!(api.get("/v2/products").await, shown);
    assert_eq!(
        api.get("/v2/components").await,
        json!([{"id": 1, "name": "Сникерс 75гр", "is_product": true, "units": "шт"}])
    );
    api.expect(200, Method::PUT, "/v2/products/1", json!({"name": "Сникерс 80гр", "vat": null})).await;
    assert_eq!(api.get("/v2/components").await[0]["name"], "Сникерс 80гр");
    assert_eq!(api.get("/v2/products").await[0]["vat"], json!(null));
    api.expect(200, Method::DELETE, "/v2/products/1", Value::Null).await;
    assert_eq!(api.get("/v2/products").await, json!([]));
    assert_eq!(api.get("/v2/components").await, json!([]));
    let body = api.expect(404, Method::PUT, "/v2/products/1", json!({"name": "x"})).await;
    assert_eq!(body, json!({"message": "Product not found"}));
}

#[proves("T8")]
#[tokio::test]
async fn a_planogram_keeps_no_capacity_for_what_nothing_in_it_is_made_of() {
    let bench = Bench::start().await;
    let mut own = world();
    let capacity = [1, 2, 3, 100].map(|id| json!({"component_id": id, "capacity": 500, "critical": 5}));
    own["planograms"][0]["capacity"] = json!(capacity);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let capacities = async || -> Vec<i64> {
        let planogram = api.get("/v2/planograms/1").await;
        let rows = planogram["capacity"].as_array().expect("capacities");
        rows.iter().map(|row| row["component_id"].as_i64().expect("an id")).collect()
    };
    assert_eq!(capacities().await, [1, 2, 3, 100]);
    // A product takes its component with it, a recipe what only it is made of: water stays for the other.
    api.expect(200, Method::DELETE, "/v2/products/900", Value::Null).await;
    assert_eq!(capacities().await, [1, 2, 3]);
    api.expect(200, Method::DELETE, "/v2/products/2", Value::Null).await;
    assert_eq!(capacities().await, [1, 2]);
    // So does what a recipe is made of no longer, by either way to change it.
    api.expect(200, Method::DELETE, "/v2/products/1/components/2", Value::Null).await;
    assert_eq!(capacities().await, [1]);
    api.expect(200, Method::PUT, "/v2/products/1", json!({"components": [{"id": 3, "volume": 1}]})).await;
    assert_eq!(capacities().await, [0_i64; 0]);
    // The machine holds nothing else either.
    let loading = api.get("/v2/vending_machines/10/loading").await;
    let held: Vec<&Value> = loading.as_array().expect("slots").iter().map(|slot| &slot["component_id"]).collect();
    assert_eq!(held, [3]);
}

/// In the worlds that come with the bench, too.
#[proves("TM-087", "TM-088")]
#[tokio::test]
async fn each_simple_product_is_made_of_one_component_of_its_name() {
    let bench = Bench::start().await;
    for world in ["documented", "busy"] {
        let made = bench.steer(Method::POST, "/worlds", json!({ "id": world, "world": world })).await;
        assert!(made.status.is_success(), "{}", made.text);
        let api = Api::within(&bench, world).await;
        let components = api.get("/v2/components").await;
        let products = api.get("/v2/products").await;
        let simple: Vec<&Value> =
            products.as_array().expect("products").iter().filter(|product| product["composite"] == false).collect();
        assert!(simple.len() >= 5, "{world}: {} simple products", simple.len());
        for product in simple {
            let parts = product["components"].as_array().expect("components");
            assert_eq!(parts.len(), 1, "{world}: {product}");
            let component = components.as_array().expect("components").iter().find(|one| one["id"] == parts[0]["id"]);
            let component = component.unwrap_or_else(|| panic!("{world}: no component of {product}"));
            assert_eq!((&component["name"], &component["is_product"]), (&product["name"], &json!(true)), "{world}");
        }
    }
}

#[proves(
    "TM-089", "TM-498", "TM-500", "TM-501", "TM-505", "TM-506", "TM-508", "TM-512", "TM-515", "TM-516", "TM-518",
    "TM-519", "TM-521", "TM-522", "TM-523", "TM-524", "TM-544", "TM-550"
)]
#[tokio::test]
async fn a_recipe_finds_components_by_id_or_name_and_makes_what_is_not_there() {
    let bench = Bench::start().await;
    let components = json!([{"id": 14, "name": "Кофе", "units": "гр"}, {"id": 15, "name": "Вода", "units": "мл"}]);
    let api = Api::with(&bench, "w", NOON, &json!({"components": components})).await;
    let new = json!({"name": "Американо", "composite": "true", "components": [
        {"name": "Вода", "volume": 100, "unit": 2}, {"id": 14, "volume": 3}, {"name": "Стакан", "volume": 1, "unit": 1}
    ]});
    api.expect(201, Method::POST, "/v2/products", new).await;
    let parts = json!([{"id": 15, "volume": 100}, {"id": 14, "volume": 3}, {"id": 16, "volume": 1}]);
    assert_eq!(api.get("/v2/products/1/components").await, parts);
    assert_eq!(
        api.get("/v2/components").await[2],
        json!({"id": 16, "name": "Стакан", "is_product": false, "units": "шт"})
    );
    // The only water there is, is found by its name, whatever the unit says: in a change no second one is made.
    let change = json!({"components": [{"name": "Вода", "volume": "5", "unit": 3}, {"name": "Кофе", "volume": 7.5}]});
    api.expect(200, Method::PUT, "/v2/products/1", change).await;
    assert_eq!(api.get("/v2/products/1/components").await, json!([{"id": 15, "volume": 5}, {"id": 14, "volume": 7.5}]));
    assert_eq!(api.get("/v2/components").await.as_array().map(Vec::len), Some(3));
    // A new recipe finds by name and unit: water by the gram is another component. Then the unit tells which is meant.
    let new = json!({"name": "Лёд", "composite": true, "components": [{"name": "Вода", "volume": 9, "unit": 3}]});
    api.expect(201, Method::POST, "/v2/products", new).await;
    assert_eq!(api.get("/v2/products/2/components").await, json!([{"id": 17, "volume": 9}]));
    let change = json!({"components": [{"name": "Вода", "volume": 6, "unit": 3}, {"name": "Кофе", "volume": 7.5}]});
    api.expect(200, Method::PUT, "/v2/products/1", change).await;
    assert_eq!(api.get("/v2/products/1/components").await, json!([{"id": 17, "volume": 6}, {"id": 14, "volume": 7.5}]));
}

/// A recipe is made of something, and an empty list is none.
#[proves("TM-587")]
#[tokio::test]
async fn a_recipe_of_nothing_is_refused() {
    let bench = Bench::start().await;
    let components = json!([{"id": 14, "name": "Кофе", "units": "гр"}]);
    let api = Api::with(&bench, "w", NOON, &json!({"components": components})).await;
    let required = json!({"components": ["The components field is required."]});
    let mut bodies = vec![json!({"name": "Кофе", "composite": true})];
    for nothing in [json!([]), Value::Null] {
        bodies.push(json!({"name": "Кофе", "composite": true, "components": nothing}));
    }
    for body in bodies {
        let answer = api.expect(422, Method::POST, "/v2/products", body.clone()).await;
        assert_eq!(answer["errors"], required, "{body}");
    }
    let new = json!({"name": "Кофе", "composite": true, "components": [{"id": 14, "volume": 7}]});
    api.expect(201, Method::POST, "/v2/products", new).await;
    for nothing in [json!([]), Value::Null] {
        let answer = api.expect(422, Method::PUT, "/v2/products/1", json!({"components": nothing})).await;
        assert_eq!(answer["errors"], required);
    }
    // Nothing to add has no code of loadings: it lacks the field that a component without it lacks.
    let answer = api.expect(422, Method::POST, "/v2/products/1/components", json!([])).await;
    let expected = json!({"message": "The given data was invalid.", "errors": {"id": ["The id field is required."]}});
    assert_eq!(answer, expected);
    assert_eq!(api.get("/v2/products/1/components").await, json!([{"id": 14, "volume": 7}]));
}

#[proves("TM-023", "TM-530", "TM-533", "TM-536", "TM-538", "TM-541")]
#[tokio::test]
async fn the_components_of_a_recipe_are_added_changed_and_removed() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let parts = || async { api.get("/v2/products/1/components").await };
    let path = "/v2/products/1/components";
    let made = api.expect(201, Method::POST, path, json!({"id": 3, "volume": "2"})).await;
    assert_eq!(made, json!({"res": true, "resource": {"id": 3}}));
    api.expect(200, Method::PUT, "/v2/products/1/components/3", json!({"volume": 4})).await;
    assert_eq!(parts().await, json!([{"id": 1, "volume": 30}, {"id": 2, "volume": 7}, {"id": 3, "volume": 4}]));
    // One of two is there already: nothing is added.
    let both = json!([{"id": 100, "volume": 1}, {"id": 2, "volume": 1}]);
    let body = api.expect(422, Method::POST, path, both).await;
    assert_eq!(body["errors"], json!({"name": ["The id has already been taken."]}));
    api.expect(200, Method::DELETE, "/v2/products/1/components/3", Value::Null).await;
    assert_eq!(parts().await, json!([{"id": 1, "volume": 30}, {"id": 2, "volume": 7}]));
    // A list of them, as the sample has two.
    api.expect(201, Method::POST, path, json!([{"id": 3, "volume": 5}, {"id": 100, "volume": 1}])).await;
    assert_eq!(
        parts().await.as_array().expect("a list")[2..],
        [json!({"id": 3, "volume": 5}), json!({"id": 100, "volume": 1})]
    );
    for id in [3, 100] {
        api.expect(200, Method::DELETE, &format!("/v2/products/1/components/{id}"), Value::Null).await;
    }
    for method in [Method::PUT, Method::DELETE] {
        let body = api.expect(404, method, "/v2/products/1/components/3", json!({"volume": 1})).await;
        assert_eq!(body, json!({"message": "Component not found"}));
    }
    // A product that is no recipe has no components to change.
    let body = api.expect(400, Method::POST, "/v2/products/900/components", json!({"id": 3, "volume": 1})).await;
    assert_eq!(body, json!({"message": "Not allowed"}));
    assert_eq!(api.get("/v2/products/900/components").await, json!([{"id": 100, "volume": 1}]));
}

#[proves("TM-451", "TM-459", "TM-461", "TM-462", "TM-464", "TM-466")]
#[tokio::test]
async fn planograms_are_listed_by_name_or_in_full() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let names = json!([{"id": 1, "name": "Всё"}, {"id": 2, "name": "Только кофе и A1"}]);
    assert_eq!(api.get("/v2/planograms").await, names);
    assert_eq!(api.get("/v2/planograms?full=0").await, names);
    let full = api.get("/v2/planograms?full=1").await;
    assert_eq!(full[1]["layout"], json!([{"product_id": 1, "number": "1"}, {"product_id": 900, "number": "A1"}]));
    assert_eq!(api.get("/v2/planograms/2").await["layout"][0], json!({"product_id": 1, "number": "1", "price": 40}));
}

#[proves(
    "TM-027", "TM-470", "TM-471", "TM-473", "TM-474", "TM-475", "TM-476", "TM-478", "TM-502", "TM-512", "TM-517",
    "TM-520", "TM-521", "TM-525", "TM-534", "TM-539", "TM-549", "T5"
)]
#[tokio::test]
async fn wrong_fields_are_told_one_by_one_and_nothing_is_made() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let before = api.state().await["telemetron"].clone();
    let cases = [
        (
            Method::POST,
            "/v2/planograms",
            json!({"mode": "full", "products": 5}),
            json!({
            "name": ["The name field is required."], "mode": ["The selected mode is invalid."],
            "products": ["The products must be an array."]}),
        ),
        (
            Method::POST,
            "/v2/planograms",
            json!({"name": "Н", "mode": "snack", "assign": 99}),
            json!({"assign": ["The selected assign is invalid."]}),
        ),
        (
            Method::POST,
            "/v2/planograms",
            json!({"name": "Н", "mode": "snack", "products": [
            {"id": 900, "number": "1", "capacity": 5, "price": 1_000_000}, {"id": 5, "number": "1", "capacity": -1}, {}]}),
            json!({
            "products.0.price": ["The products.0.price must be between 0 and 999999."],
            "products.1.id": ["The selected products.1.id is invalid."],
            "products.1.capacity": ["The products.1.capacity must be at least 0."],
            "products.2.id": ["The products.2.id field is required."],
            "products.2.number": ["The products.2.number field is required."],
            "products.2.capacity": ["The products.2.capacity field is required."],
            "products.0.number": ["The products.0.number field has a duplicate value."],
            "products.1.number": ["The products.1.number field has a duplicate value."]}),
        ),
        (
            Method::POST,
            "/v2/products",
            json!({"name": "Чай"}),
            json!({
            "composite": ["The composite field is required."], "name": ["The name has already been taken."]}),
        ),
        (
            Method::POST,
            "/v2/products",
            json!({"name": 5, "composite": "maybe", "vat": 101}),
            json!({
            "composite": ["The composite field must be true or false."], "name": ["The name must be a string."],
            "vat": ["The vat must be between 0 and 100."]}),
        ),
        (
            Method::POST,
            "/v2/products",
            json!({"name": "Н", "composite": true}),
            json!({"components": ["The components field is required."]}),
        ),
        (
            Method::POST,
            "/v2/products",
            json!({"name": "Н", "composite": false, "components": [{"id": 1, "volume": 1}]}),
            json!({
            "components": ["The components field is prohibited."]}),
        ),
        (
            Method::POST,
            "/v2/products",
            json!({"name": "Н", "composite": true, "components": [
            {"id": 77, "volume": 1}, {"name": "Новое", "volume": 1}, {"volume": 1}]}),
            json!({
            "components.0.id": ["The selected components.0.id is invalid."],
            "components.1.unit": ["The components.1.unit field is required."],
            "components.2.id": ["The components.2.id field is required when name is not present."]}),
        ),
        (
            Method::POST,
            "/v2/products",
            json!({"name": "Н", "composite": true, "components": [{"id": 1}, {"id": 1, "volume": 1, "unit": 4}]}),
            json!({
            "components.0.volume": ["The components.0.volume field is required."],
            "components.1.unit": ["The selected components.1.unit is invalid."]}),
        ),
        (
            Method::POST,
            "/v2/products",
            json!({"name": "Н", "composite": true, "components": [{"id": 1, "volume": 1}, {"name": "Вода", "volume": 1}]}),
            json!({
            "components.1.id": ["The components.1.id field has a duplicate value."]}),
        ),
        (Method::PUT, "/v2/products/1", json!({"name": ""}), json!({"name": ["The name field is required."]})),
        (
            Method::POST,
            "/v2/components",
            json!({"name": "Вода", "unit": "4"}),
            json!({
            "name": ["The name has already been taken."], "unit": ["The selected unit is invalid."]}),
        ),
        (
            Method::POST,
            "/v2/components",
            json!({"name": "Н", "unit": "kg"}),
            json!({"unit": ["The unit must be an integer."]}),
        ),
        (Method::PUT, "/v2/products/1/components/1", json!({}), json!({"volume": ["The volume field is required."]})),
        (
            Method::POST,
            "/v2/products/1/components",
            json!({"id": 77, "volume": "x"}),
            json!({
            "id": ["The selected id is invalid."], "volume": ["The volume must be a number."]}),
        ),
    ];
    for (method, path, body, errors) in cases {
        let answer = api.expect(422, method, path, body.clone()).await;
        assert_eq!(answer, json!({"message": "The given data was invalid.", "errors": errors}), "{path} {body}");
    }
    assert_eq!(api.state().await["telemetron"], before);
}

#[proves("TM-497")]
#[tokio::test]
async fn a_new_name_does_not_change_old_statistics() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "2"})).await;
    api.expect(200, Method::PUT, "/v2/products/2", json!({"name": "Чай зелёный"})).await;
    api.advance("1s").await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "2"})).await;
    let rows = api.get("/v2/vending_machines/10/stats/vends/products").await;
    assert_eq!((&rows[0]["name"], &rows[1]["name"]), (&json!("Чай"), &json!("Чай зелёный")));
}

#[proves("TM-499")]
#[tokio::test]
async fn a_known_component_gets_its_new_volume() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let parts = json!([{"id": 2, "volume": 9}, {"name": "Вода", "unit": 2, "volume": 35}]);
    api.expect(200, Method::PUT, "/v2/products/1", json!({"components": parts})).await;
    let known = json!([{"id": 2, "volume": 9}, {"id": 1, "volume": 35}]);
    assert_eq!(api.get("/v2/products/1/components").await, known);
    assert_eq!(api.get("/v2/components").await.as_array().map(Vec::len), Some(4), "nothing new was made");
}

#[proves("TM-548", "TM-549")]
#[tokio::test]
async fn a_new_component_needs_name_and_unit() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    for (body, field) in [(json!({"unit": 1}), "name"), (json!({"name": "Стаканчик"}), "unit")] {
        let answer = api.expect(422, Method::POST, "/v2/components", body).await;
        assert_eq!(answer["errors"], json!({field: [format!("The {field} field is required.")]}));
    }
    for unit in [0, 4] {
        api.expect(422, Method::POST, "/v2/components", json!({"name": "Стаканчик", "unit": unit})).await;
    }
}

#[proves("TM-534", "TM-535")]
#[tokio::test]
async fn a_new_part_needs_id_and_volume() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    for (body, field) in [(json!({"volume": 1}), "id"), (json!({"id": 3}), "volume")] {
        let answer = api.expect(422, Method::POST, "/v2/products/1/components", body).await;
        assert_eq!(answer["errors"], json!({field: [format!("The {field} field is required.")]}));
    }
}

#[proves("TM-492", "TM-494")]
#[tokio::test]
async fn a_note_and_an_inventory_number_are_kept_with_the_product() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.expect(200, Method::PUT, "/v2/products/1", json!({"note": "Крепкий", "inventory_number": "P-1"})).await;
    let kept = api.state().await["telemetron"]["products"][0].clone();
    assert_eq!((&kept["note"], &kept["name"]), (&json!("Крепкий"), &json!("Эспрессо")));
    assert_eq!(api.get("/v2/products").await[0]["inventory_number"], "P-1");
}

#[proves("TM-481")]
#[tokio::test]
async fn spirals_of_one_product_add_up_in_the_planogram() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let spiral = |number: &str, capacity: i64, critical: i64| json!({"id": 900, "number": number, "capacity": capacity, "critical": critical});
    let new = json!({"name": "Н", "mode": "snack", "products": [spiral("1", 7, 1), spiral("2", 5, 2)]});
    let made = api.expect(201, Method::POST, "/v2/planograms", new).await;
    let shown = api.get(&format!("/v2/planograms/{}", made["resource"]["id"])).await;
    assert_eq!(shown["capacity"], json!([{"component_id": 100, "capacity": 12, "critical": 3}]));
    assert_eq!(shown["layout"].as_array().map(Vec::len), Some(2));
}

#[proves("TM-507", "TM-508")]
#[tokio::test]
async fn what_a_changed_recipe_wants_of_its_components() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    for (part, errors) in [
        (json!({"id": 1}), json!({"components.0.volume": ["The components.0.volume field is required."]})),
        (
            json!({"id": 1, "volume": 1, "unit": 4}),
            json!({"components.0.unit": ["The selected components.0.unit is invalid."]}),
        ),
    ] {
        let answer = api.expect(422, Method::PUT, "/v2/products/1", json!({"components": [part]})).await;
        assert_eq!(answer["errors"], errors);
    }
    let before = json!([{"id": 1, "volume": 30}, {"id": 2, "volume": 7}]);
    assert_eq!(api.get("/v2/products/1/components").await, before);
}

#[proves("TM-513", "TM-514")]
#[tokio::test]
async fn what_a_new_product_wants_and_keeps() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &json!({})).await;
    let answer = api.expect(422, Method::POST, "/v2/products", json!({"composite": false})).await;
    assert_eq!(answer["errors"], json!({"name": ["The name field is required."]}));
    api.expect(201, Method::POST, "/v2/products", json!({"composite": false, "name": "А", "note": "Вкусно"})).await;
    api.expect(201, Method::POST, "/v2/products", json!({"composite": false, "name": "Б"})).await;
    let kept = api.state().await["telemetron"]["products"].clone();
    assert_eq!((&kept[0]["note"], kept[1].get("note")), (&json!("Вкусно"), None));
}
