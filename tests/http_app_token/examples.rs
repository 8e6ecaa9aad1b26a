//! The worked examples of the specification, one after the other, with values of this run.

use std::collections::BTreeMap;

use tests::app::now;

use tests::service::{BASE, Service, md5_of};

/// Operation, body, answer. `<name>` stands for a value: an answer gives it at its first sight,
/// and has to agree with it from then on.
#[rustfmt::skip]
const EXAMPLES: [(&str, &str, &str); 18] = [
    ("create_oauth",
        r#"{"username":"alice","oauthInfo":"eyJuYW1lIjoiZGVtbyJ9"}"#,
        r#"{"state":true,"error":"normal","data":{"appId":"<id>","appKey":"<key>","appSecret":"<secret>"}}"#),
    ("authorize",
        r#"{"appId":"<id>","appKey":"<key>","tokenType":"svc","timestamp":<now>,"token":"<signature>","userName":""}"#,
        r#"{"state":true,"error":"normal","data":{"accessToken":"<A1>","refreshToken":"<R1>","accessExpireTime":<end of A1>,"refreshExpireTime":<end of R1>}}"#),
    ("check_token",
        r#"{"token":"<A1>"}"#,
        r#"{"state":true,"error":"normal","data":{"accessToken":"<A1>","userName":"<id>","accessExpireTime":<end of A1>,"appId":"<id>"}}"#),
    ("get_login_info",
        r#"{"accessToken":"<A1>"}"#,
        r#"{"state":false,"code":1006,"error":"未找到"}"#),
    ("create_user",
        r#"{"rootName":"root","userName":"alice","password":"54EF36EC71201FDF9D1423FD26F97F6B","userInfo":"e30=","regIP":"192.0.2.7"}"#,
        r#"{"state":true,"error":"normal","data":{}}"#),
    ("create_user",
        r#"{"rootName":"root","userName":"alice","password":"54EF36EC71201FDF9D1423FD26F97F6B","userInfo":"e30=","regIP":"192.0.2.7"}"#,
        r#"{"state":false,"code":1012,"error":"用户已存在"}"#),
    ("login",
        r#"{"username":"alice","password":"54EF36EC71201FDF9D1423FD26F97F6B","timestamp":<now>,"token":"<checksum>"}"#,
        r#"{"state":true,"error":"normal","data":{"accessToken":"<A2>","refreshToken":"<R2>","accessExpireTime":<end of A2>,"refreshExpireTime":<end of R2>}}"#),
    ("get_login_info",
        r#"{"accessToken":"<A2>"}"#,
        r#"{"state":true,"error":"normal","data":{"username":"alice","accessExpireTime":<end of A2>,"userInfo":"e30="}}"#),
    ("refresh_token",
        r#"{"token":"<R2>"}"#,
        r#"{"state":true,"error":"normal","data":{"accessToken":"<A3>","refreshToken":"<R3>","accessExpireTime":<end of A3>,"refreshExpireTime":<end of R3>,"userInfo":"<info>"}}"#),
    ("get_users",
        r#"{"rootName":"root","userName":""}"#,
        r#"{"state":true,"error":"normal","data":{"list":[{"username":"alice","userInfo":"e30="}]}}"#),
    ("get_app_list",
        r#"{"username":"alice","appIds":[],"pageNo":0,"pageSize":0}"#,
        r#"{"state":true,"error":"normal","data":{"list":[{"appId":"<id>","oauthInfo":"eyJuYW1lIjoiZGVtbyJ9"}],"total":1}}"#),
    ("update_user",
        r#"{"rootName":"root","userName":"alice","op":1,"password":"","userInfo":"eyJhIjoxfQ=="}"#,
        r#"{"state":true,"error":"normal","data":{}}"#),
    ("update_user",
        r#"{"rootName":"root","userName":"alice","op":0,"password":"","userInfo":"eyJhIjoxfQ=="}"#,
        r#"{"state":false,"code":1001,"error":"参数无效"}"#),
    ("update_user",
        r#"{"rootName":"root","userName":"nobody","op":1,"password":"","userInfo":"eyJhIjoxfQ=="}"#,
        r#"{"state":false,"code":1006,"error":"未找到"}"#),
    ("update_user",
        r#"{"rootName":"root","userName":"nobody","op":0,"password":"","userInfo":""}"#,
        r#"{"state":false,"code":1006,"error":"未找到"}"#),
    ("get_users",
        r#"{"rootName":"root","userName":"alice"}"#,
        r#"{"state":true,"error":"normal","data":{"list":[{"username":"alice","userInfo":"eyJhIjoxfQ=="}]}}"#),
    ("delete_app",
        r#"{"appId":"<id>","username":"alice"}"#,
        r#"{"state":true,"error":"normal","data":{"rowsAffected":1}}"#),
    ("delete_app",
        r#"{"appId":"<id>","username":"alice"}"#,
        r#"{"state":true,"error":"normal","data":{"rowsAffected":0}}"#),
];

type Values = BTreeMap<String, String>;

/// Puts the values in their places.
fn filled(template: &str, values: &Values) -> String {
    let put =
        |text: String, (name, value): (&String, &String)| text.replace(&format!("<{name}>"), value);
    values.iter().fold(template.to_owned(), put)
}

/// Holds an answer against its template, and takes the values that are new.
fn hold(answer: &str, template: &str, values: &mut Values) {
    let expected = filled(template, values);
    let (mut rest, mut left) = (answer, expected.as_str());
    let mut found = Vec::new();
    while let Some((plain, after)) = left.split_once('<') {
        let (name, after) = after.split_once('>').unwrap();
        rest = rest.strip_prefix(plain).unwrap_or_else(|| panic!("{answer} is not {expected}"));
        let end = rest.find(['"', ',', '}']).unwrap_or(rest.len());
        found.push((name.to_owned(), rest[..end].to_owned()));
        (rest, left) = (&rest[end..], after);
    }
    assert_eq!(rest, left, "{answer} is not {expected}");
    values.extend(found);
}

/// What the client knows before it calls.
fn sign(values: &mut Values) {
    let now = now().seconds().to_string();
    let of = |name: &str| values.get(name).cloned().unwrap_or_default();
    let signature = md5_of(&[&of("id"), &of("key"), &now, &of("secret")]);
    let checksum = md5_of(&["alice", "54EF36EC71201FDF9D1423FD26F97F6B", &now]);
    values.extend([
        ("now".to_owned(), now),
        ("signature".to_owned(), signature),
        ("checksum".to_owned(), checksum),
    ]);
}

#[tokio::test]
async fn every_example_is_answered_to_the_letter() {
    let service = Service::open().await;
    let mut values = Values::new();
    for (operation, body, expected) in EXAMPLES {
        sign(&mut values);
        let body = filled(body, &values);
        assert!(!body.contains('<'), "{operation}: {body}");
        let ask = service.app.post(&format!("{BASE}/oauth.{operation}"));
        let answer = ask.body("application/json", &body).send().await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        hold(&answer.text, expected, &mut values);
    }
    let tokens = ["A1", "R1", "A2", "R2", "A3", "R3"].map(|it| values[it].clone());
    let different = tokens.iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(different.len(), 6, "{tokens:?}");
    assert!(["", "e30="].contains(&values["info"].as_str()), "{values:?}");
}
