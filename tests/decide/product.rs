//! The rules of a product.

use domain::Refusal;
use domain::plain::{PlainCommand, PlainFields as _};
use domain::product::{Product, ProductFields, Rate};
use proptest::prelude::*;
use tests::given::{given, required, too_long};
use tests::samples::products::product_fields;

use crate::never_panics::{config, run, seeds};
use crate::plain::{changes_lead, command_of, create, is_plain};
use crate::sample_of;

fn create_with(change: impl Fn(&mut ProductFields)) -> PlainCommand<ProductFields> {
    let mut fields = product_fields();
    change(&mut fields);
    create(fields)
}

#[test]
fn it_is_plain() {
    let other = ProductFields {
        name: "other".to_owned(),
        rate: None,
        published: false,
        ..product_fields()
    };
    is_plain::<Product, _>(product_fields(), other);
}

#[test]
fn texts_and_numbers_end_at_their_limits() {
    type Set = fn(&mut ProductFields, String);
    let fields: Vec<(&str, usize, Set)> = vec![
        ("id", 100, |it, text| it.code = text),
        ("name", 300, |it, text| it.name = text),
        ("description", 1_000, |it, text| it.description = Some(text)),
        ("terms", 4_000, |it, text| it.terms = Some(text)),
    ];
    for (field, max, set) in fields {
        let with = |length| create_with(|it| set(it, "a".repeat(length)));
        given::<Product>([]).when(with(max)).then_accepted();
        given::<Product>([]).when(with(max + 1)).then_refused(too_long(field, max));
    }
    given::<Product>([]).when(create_with(|it| it.name.clear())).then_refused(required("name"));
    for code in ["a b", "a/b", "a;rev=1", "ä", ".", "..", "a\n"] {
        let with = create_with(|it| it.code = code.to_owned());
        given::<Product>([]).when(with).then_refused_field("id");
    }
    let rate = |calls, seconds| create_with(|it| it.rate = Some(Rate { calls, seconds }));
    for (calls, seconds, field) in
        [(0, 1, "rateCalls"), (1, 0, "rateSeconds"), (1, 86_401, "rateSeconds")]
    {
        given::<Product>([]).when(rate(calls, seconds)).then_refused_field(field);
    }
    given::<Product>([]).when(rate(u32::MAX, 86_400)).then_accepted();
    for limit in [0, 1_001] {
        let with = create_with(|it| it.subscriptions_limit = Some(limit));
        given::<Product>([]).when(with).then_refused_field("subscriptionsLimit");
    }
}

#[test]
fn its_id_stays() {
    let renamed = ProductFields { code: "other".to_owned(), ..product_fields() };
    let why = "the id of a product stays: APIs name it";
    assert_eq!(product_fields().may_become(Some(&renamed)), Err(Refusal::NotAllowed { why }));
    assert_eq!(product_fields().may_become(None), Ok(()));
}

fn fields() -> impl Strategy<Value = ProductFields> {
    let texts = (".*", ".*", prop::option::of(".*"), prop::option::of(".*"));
    let flags = prop::array::uniform3(any::<bool>());
    let numbers = (prop::option::of(any::<u32>()), prop::option::of(any::<(u32, u32)>()));
    (texts, flags, numbers).prop_map(|(texts, flags, (subscriptions_limit, rate))| {
        let (code, name, description, terms) = texts;
        let [subscription_required, approval_required, published] = flags;
        ProductFields {
            code,
            name,
            description,
            terms,
            subscription_required,
            approval_required,
            subscriptions_limit,
            published,
            rate: rate.map(|(calls, seconds)| Rate { calls, seconds }),
        }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_product_never_panics(seeds in seeds()) {
        run::<Product>(&seeds, |seed| sample_of!(Product, seed), |seed| {
            command_of(seed, create_with(|it| it.code.clone_from(&seed.text)))
        });
    }

    #[test]
    fn changes_lead_from_one_state_to_the_other(one in fields(), other in fields()) {
        changes_lead(&one, &other);
    }
}
