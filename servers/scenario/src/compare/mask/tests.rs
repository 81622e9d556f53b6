//! Secrets and personal data at every place that traffic has.

use stend_core::traffic::{HttpExchange, Message, SocketTraffic};

use super::*;

fn http(url: &str, headers: &[(&str, &str)], body: &str, reply: &str) -> Traffic {
    Traffic::Http(Box::new(HttpExchange {
        url: url.into(),
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        body: body.into(),
        reply: reply.into(),
        ..HttpExchange::default()
    }))
}

#[test]
fn a_planted_secret_is_found_nowhere_and_references_still_match() {
    let secret = "s3cr3t-Qwerty";
    let mut traffic = vec![
        http(
            "http://h/echo?x=s3cr3t-Qwerty&phone=%2B7(982)497-48-33",
            &[("authorization", "Bearer s3cr3t-Qwerty"), ("cookie", "a=s3cr3t-Qwerty")],
            "client_id=a&password=s3cr3t-Qwerty",
            "said s3cr3t-Qwerty",
        ),
        http(
            "http://me:s3cr3t-Qwerty@h/",
            &[("x-note", "s3cr3t-Qwerty")],
            r#"{"password": "s3cr3t-Qwerty", "pin_token": 12345678}"#,
            r#"{"name": "Кофе", "n": 1.50, "phone": "89824974833", "token_type": "Bearer"}"#,
        ),
        Traffic::Socket(SocketTraffic {
            messages: vec![Message { at: None, from_client: true, text: r#"{"token":"s3cr3t-Qwerty","id":1}"#.into() }],
            ..SocketTraffic::default()
        }),
    ];
    let rows = mask(&mut traffic, &["password"], &["phone".into()], BTreeSet::new());
    let all = format!("{traffic:?}");
    let bodies: String = traffic
        .iter()
        .map(|one| match one {
            Traffic::Http(http) => {
                String::from_utf8_lossy(&[http.body.clone(), http.reply.clone()].concat()).into_owned()
            }
            Traffic::Socket(_) => String::new(),
        })
        .collect();
    assert!(!all.contains(secret) && !bodies.contains(secret), "{all}\n{bodies}");
    assert!(
        !bodies.contains("12345678") && !bodies.contains("4974833") && !all.contains("497-48-33"),
        "{all}\n{bodies}"
    );
    let [Traffic::Http(first), Traffic::Http(second), Traffic::Socket(socket)] = &traffic[..] else {
        panic!("{traffic:?}")
    };
    let token = first.headers[0].1.strip_prefix("Bearer ").expect("the scheme stays");
    assert!(socket.messages[0].text.contains(token), "one pseudonym for one secret");
    let phone = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let asked = super::super::matching::pairs(first.url.split_once('?').expect("a query").1);
    let second: Value = serde_json::from_slice(&second.reply).expect("JSON");
    assert_eq!(
        phone(&asked["phone"])[1..],
        phone(second["phone"].as_str().expect("text"))[1..],
        "one phone, written twice"
    );
    assert_eq!((second["name"].as_str(), second["token_type"].as_str()), (Some("Кофе"), Some("Bearer")));
    assert!(rows.iter().any(|row| row.name == "phone" && row.personal && row.values >= 1), "{rows:?}");
}

fn masked(one: Traffic) -> String {
    let mut traffic = vec![one];
    mask(&mut traffic, &["password"], &["phone".into()], BTreeSet::new());
    match &traffic[0] {
        Traffic::Http(http) => {
            let body = String::from_utf8_lossy(&http.body).into_owned();
            format!(
                "{} {:?} {body} {:?} {}",
                http.url,
                http.headers,
                http.reply_headers,
                String::from_utf8_lossy(&http.reply)
            )
        }
        Traffic::Socket(socket) => format!("{socket:?}"),
    }
}

/// One secret at one place at a time, so that no place lives on what another has told.
#[test]
fn a_secret_is_masked_at_each_place_by_itself() {
    let secret = "Pl4nted-S3cret";
    let coded = STANDARD.encode(format!("{{\"token\": \"{secret}\"}}"));
    let basic = format!("Basic {}", STANDARD.encode(format!("user:{secret}")));
    let multipart = format!("--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{secret}\r\n--b--\r\n");
    let json = |text: String| http("http://h/", &[], &text, "");
    for (place, one) in [
        ("user", http(&format!("http://me:{secret}@h/"), &[], "", "")),
        ("query", http(&format!("http://h/?access_token={secret}"), &[], "", "")),
        ("fragment", http(&format!("http://h/#a=1&access_token={secret}"), &[], "", "")),
        ("bearer", http("http://h/", &[("authorization", &format!("Bearer {secret}"))], "", "")),
        ("basic", http("http://h/", &[("authorization", &basic)], "", &format!("for {secret}"))),
        ("cookie", http("http://h/", &[("cookie", &format!("a=1; sid={secret}"))], "", &format!("said {secret}"))),
        ("header", http("http://h/", &[("x-session-token", secret)], "", "")),
        ("referer", http("http://h/", &[("referer", &format!("http://h/?token={secret}"))], "", "")),
        ("form", http("http://h/", &[], &format!("a=1&refresh_token={secret}"), "")),
        (
            "form with a newline",
            http(
                "http://h/",
                &[("content-type", "application/x-www-form-urlencoded")],
                &format!("password={secret}\n"),
                "",
            ),
        ),
        ("parts", http("http://h/", &[("content-type", "multipart/form-data; boundary=b")], &multipart, "")),
        ("field", json(format!("{{\"refresh_token\": \"{secret}\"}}"))),
        ("nested", json(format!("{{\"a\": [{{\"password\": {{\"value\": [\"{secret}\"]}}}}]}}"))),
        ("JSON in a text", json(format!("{{\"a\": \"{{\\\"token\\\": \\\"{secret}\\\"}}\"}}"))),
        ("base64 of JSON", json(format!("{{\"a\": \"{coded}\"}}"))),
        ("a URL in a text", json(format!("{{\"next\": \"https://h/?token={secret}\"}}"))),
        ("a key", json(format!("{{\"token\": \"{secret}\", \"by\": {{\"{secret}\": 1}}}}"))),
        ("reply", http("http://h/", &[], "", &format!("{{\"data\": {{\"api_key\": \"{secret}\"}}}}"))),
        (
            "message",
            Traffic::Socket(SocketTraffic {
                messages: vec![Message { at: None, from_client: false, text: format!("{{\"token\": \"{secret}\"}}") }],
                ..SocketTraffic::default()
            }),
        ),
    ] {
        let text = masked(one);
        let decoded: Vec<String> = text
            .split(['"', ' '])
            .filter_map(|word| STANDARD.decode(word).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        assert!(!text.contains(secret) && !decoded.iter().any(|inner| inner.contains(secret)), "{place}: {text}");
    }
}

#[test]
fn a_phone_number_is_masked_however_it_is_written() {
    let body = r#"{"phone": "+7 (982) 497-48-33", "note": "позвоните 8 982 497 48 33 или +79824974833, 9824974833", "n": 79824974833, "other": 1234567890123456}"#;
    let text = masked(http("http://h/c/89824974833?p=8-982-497-48-33", &[], body, "call 8(982)4974833 at 12"));
    let text = text.replace("%2D", "-");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    assert!(!digits.contains("9824974833"), "{text}");
    assert!(text.contains("at 12") && text.contains("1234567890123456"), "{text}");
    let own = text.split("phone\":\"+7 ").nth(1).unwrap_or_default().split('"').next().unwrap_or_default();
    let own: String = own.chars().filter(char::is_ascii_digit).collect();
    assert!(own.len() == 10 && digits.matches(&own).count() == 8, "one pseudonym, written eight times: {text}");
}

#[test]
fn a_body_that_is_no_text_keeps_no_secret_that_is_known() {
    let mut one = http("http://h/", &[("token", "Pl4nted-S3cret")], "", "");
    if let Traffic::Http(http) = &mut one {
        http.reply = [&[0xFF, 0][..], b"Pl4nted-S3cret", &[0xFE]].concat();
    }
    let mut traffic = [one];
    mask(&mut traffic, &[], &[], BTreeSet::new());
    let [Traffic::Http(http)] = &traffic else { panic!("{traffic:?}") };
    assert!(http.reply.len() == 17 && !http.reply.windows(6).any(|part| part == b"S3cret"), "{:?}", http.reply);
}

/// A user's name may be a word that stands everywhere.
#[test]
fn a_common_word_at_a_place_of_users_is_not_masked_elsewhere() {
    let basic = format!("Basic {}", STANDARD.encode("operator:s3cret-9"));
    let text = masked(http(
        "http://h/",
        &[("authorization", &basic), ("cookie", "theme=default")],
        "",
        "operator default s3cret-9",
    ));
    assert!(text.contains("operator default") && !text.contains("s3cret-9"), "{text}");
}

#[test]
fn what_holds_no_secret_stays_byte_for_byte() {
    let body = "{ \"a\" : 1.50 }";
    let mut traffic = vec![http("http://h/a?b=%7Bc%7D&d", &[("accept", "*/*")], body, "")];
    assert_eq!(mask(&mut traffic, &["password"], &[], BTreeSet::new()), []);
    assert_eq!(traffic, [http("http://h/a?b=%7Bc%7D&d", &[("accept", "*/*")], body, "")]);
}

/// Somebody may be called as a key is.
#[test]
fn personal_data_renames_no_key() {
    let name = |name: &str| format!("{{\"ClientName\": 1, \"phone\": \"{name}\", \"Client\": {{\"a\": 2}}}}");
    let mut traffic = [http("http://h/", &[], &name("Client"), "")];
    mask(&mut traffic, &["password"], &["phone".into()], BTreeSet::new());
    let [Traffic::Http(http)] = &traffic else { panic!("{traffic:?}") };
    let body: Value = serde_json::from_slice(&http.body).expect("JSON");
    let keys: Vec<&String> = body.as_object().into_iter().flatten().map(|(key, _)| key).collect();
    assert_eq!(keys, ["ClientName", "phone", "Client"]);
    assert_ne!(body["phone"], "Client");
}
