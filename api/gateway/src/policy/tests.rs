//! What a policy says, and what is refused.

use super::*;

fn refused(xml: &str) -> String {
    read(xml).unwrap_err().to_string()
}

fn not_enforced(xml: &str) -> Vec<String> {
    read(xml).unwrap().not_enforced
}

#[test]
fn everything_that_is_enforced_is_read() {
    let policy = read(
        r#"<?xml version="1.0"?>
<!-- a comment -->
<policies>
  <inbound>
    <base />
    <rate-limit calls="100" renewal-period="60"/>
    <ip-filter action="allow">
      <address>10.1.2.3</address>
      <address-range from="10.0.0.0" to="10.0.0.2"/>
    </ip-filter>
    <cors allow-credentials="true">
      <allowed-origins><origin>https://app.example</origin></allowed-origins>
      <allowed-methods preflight-result-max-age="300"><method>GET</method></allowed-methods>
      <allowed-headers><header>x-a</header></allowed-headers>
      <expose-headers><header>x-b</header></expose-headers>
    </cors>
    <rewrite-uri template="/v1/orders"/>
  </inbound>
  <backend><base/><forward-request/></backend>
  <outbound>
    <set-header name="X-One"><value>a &amp; &#98;</value><value><![CDATA[c]]></value></set-header>
    <set-header name="X-Two" exists-action="delete"/>
  </outbound>
  <on-error><base/></on-error>
</policies>"#,
    )
    .unwrap();
    assert_eq!(policy.not_enforced, Vec::<String>::new());
    assert_eq!(policy.rate_limit, Some(RateLimit { calls: 100, renewal_period: 60 }));
    let filter = policy.ip_filter.unwrap();
    let networks = filter.networks.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(filter.action, IpAction::Allow);
    assert_eq!(networks, ["10.1.2.3/32", "10.0.0.0/31", "10.0.0.2/32"]);
    let cors = policy.cors.unwrap();
    assert_eq!(cors.origins, ["https://app.example"]);
    assert_eq!((cors.methods, cors.headers), (vec!["GET".to_owned()], vec!["x-a".to_owned()]));
    assert_eq!((cors.credentials, cors.max_age), (true, Some(300)));
    assert_eq!(policy.rewrite_uri.as_deref(), Some("/v1/orders"));
    let [one, two] = policy.set_headers.as_slice() else { panic!("two headers") };
    assert_eq!(
        (one.action, one.values.as_slice()),
        (HeaderAction::Override, &["a & b".to_owned(), "c".to_owned()][..])
    );
    assert_eq!((two.action, two.values.len()), (HeaderAction::Delete, 0));
}

#[test]
fn elements_may_stand_without_their_sections() {
    let policy = read(r#"<rate-limit calls="1" renewal-period="1"/><base/>"#).unwrap();
    assert!(policy.rate_limit.is_some() && policy.not_enforced.is_empty());
    let policy = read(r#"<inbound><rewrite-uri template="/a"/></inbound>"#).unwrap();
    assert_eq!(policy.rewrite_uri.as_deref(), Some("/a"));
}

#[test]
fn what_nobody_enforces_is_named() {
    for (xml, named) in [
        ("<policies><inbound><validate-jwt header-name='a'/></inbound></policies>", "validate-jwt"),
        (
            "<policies><outbound><rate-limit calls='1' renewal-period='1'/></outbound></policies>",
            "rate-limit",
        ),
        (
            "<policies><inbound><rate-limit calls='1' renewal-period='1' increment-condition='x'/></inbound></policies>",
            "rate-limit increment-condition",
        ),
        (
            "<policies><inbound><rate-limit calls='1' renewal-period='1'><api/></rate-limit></inbound></policies>",
            "rate-limit api",
        ),
        (
            "<policies><inbound><set-header name='a'><value>b</value></set-header></inbound></policies>",
            "set-header outside of outbound",
        ),
        ("<set-header name='a'><value>b</value></set-header>", "set-header outside of outbound"),
        (
            "<policies><outbound><set-header name='a'><value>@(context.Api.Name)</value></set-header></outbound></policies>",
            "set-header with an expression",
        ),
        (
            "<policies><outbound><set-header name='Content-Length'><value>1</value></set-header></outbound></policies>",
            "set-header Content-Length",
        ),
        (
            "<policies><outbound><set-header name='X-Accel-Redirect'><value>1</value></set-header></outbound></policies>",
            "set-header X-Accel-Redirect",
        ),
        (
            "<policies><inbound><rewrite-uri template='/a/{b}'/></inbound></policies>",
            "rewrite-uri with parameters",
        ),
        (
            "<policies><backend><forward-request timeout='3'/></backend></policies>",
            "forward-request",
        ),
        ("<policies><inbound><base>x</base></inbound></policies>", "base"),
        ("<policies><inbound>text</inbound></policies>", "inbound with text"),
        ("<policies mode='x'><inbound/></policies>", "policies mode"),
        ("<a\u{e9}b/>", "a?b"),
    ] {
        assert_eq!(not_enforced(xml), [named], "{xml}");
    }
    let many = (0..60).map(|it| format!("<e{it}/>")).collect::<String>();
    let named = not_enforced(&many);
    assert_eq!((named.len(), named.last().unwrap().as_str()), (51, "and 10 more"));
}

#[test]
fn what_is_never_read_is_refused_with_its_line() {
    for (xml, said) in [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a/>", "line 1: A DTD is never read."),
        ("<a>\n&b;</a>", "line 2: Only the five entities of XML itself may be used."),
        ("<a b='&c;'/>", "line 1: Only the five entities of XML itself may be used."),
        ("<a>\n<?php x ?></a>", "line 2: Processing instructions are not read."),
        ("<a>\n</b>", "line 2: This is not well-formed XML."),
        ("\n<a>", "line 2: An element does not end."),
        ("<a b='1' b='2'/>", "line 1: An attribute is not well-formed, or there twice."),
        ("", "line 1: There is no element at all."),
        ("text", "line 1: There is text outside of all elements."),
        (
            "<rate-limit calls='0' renewal-period='1'/>",
            "line 1: rate-limit: calls must be a number from 1 to 100000.",
        ),
        (
            "<rate-limit calls='1' renewal-period='61'/>",
            "line 1: rate-limit: less than one call a minute cannot be enforced.",
        ),
        ("<ip-filter action='allow'/>", "line 1: ip-filter: there is no address in it."),
        (
            "<ip-filter action='allow'><address>10.0.0.300</address></ip-filter>",
            "line 1: address: this is no address.",
        ),
        (
            "<cors><allowed-origins><origin>*</origin><origin>https://a.example</origin></allowed-origins></cors>",
            "line 1: cors: * stands alone in its list.",
        ),
        (
            "<cors allow-credentials='true'><allowed-origins><origin>*</origin></allowed-origins></cors>",
            "line 1: cors: credentials and * do not go together.",
        ),
        (
            "<cors><allowed-origins><origin>https://a.example/x</origin></allowed-origins></cors>",
            "line 1: origin: this is not a value of the list.",
        ),
        (
            "<rewrite-uri template='/a/../b'/>",
            "line 1: rewrite-uri: the template must be a path of at most 500 bytes, from its slash on.",
        ),
    ] {
        assert_eq!(refused(xml), said, "{xml}");
    }
}

#[test]
fn values_cannot_end_or_begin_anything_in_a_file_of_a_gateway() {
    for value in
        ["a\"b", "a\\b", "$host", "a;b", "a{b", "a}b", "a\nb", "a&#10;b", "a&#0;b", "\u{85}x"]
    {
        let xml = format!(
            "<policies><outbound><set-header name='X-A'><value>_{value}_</value></set-header>\
             </outbound></policies>"
        );
        let said = refused(&xml);
        assert!(said.starts_with("line "), "{value:?}: {said}");
    }
    for name in ["a b", "a:b", "a;b", "a\"b", "", "a$b"] {
        let xml =
            format!("<outbound><set-header name='{name}'><value>v</value></set-header></outbound>");
        assert!(refused(&xml).contains("the name is not one of a header"), "{name:?}");
    }
}

#[test]
fn depth_nodes_and_bytes_end_at_their_limits() {
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert_eq!(not_enforced(&deep(64)), ["a"]);
    assert_eq!(refused(&deep(65)), "line 1: This is deeper than 64 levels.");
    let wide = |nodes: usize| format!("<b>{}</b>", "<a/>".repeat(nodes - 1));
    assert!(read(&wide(10_000)).is_ok());
    assert_eq!(refused(&wide(10_001)), "line 1: There are more than 10,000 nodes.");
    let long = |bytes: usize| format!("<a/>{}", " ".repeat(bytes - 4));
    assert!(read(&long(POLICY_BYTES_MAX)).is_ok());
    assert_eq!(refused(&long(POLICY_BYTES_MAX + 1)), "The policy is longer than 40 KiB.");
}
