//! The letter with the link by which an address subscribes.

use domain::delivery::Open;

use super::service_name::service_name;
use super::texts::Text;
use crate::state::app::App;
use crate::state::link_codes::{CancelCode, ConfirmCode, LinkCode as _, Links, mark_of};

/// The text in the name of the API whose code it has; `None` if the API or its tenant is gone.
pub(super) fn subscribe_text(app: &App, open: &Open) -> Option<Text> {
    let keys = app.engine.keys();
    let confirm = open.code.as_deref()?;
    let code = ConfirmCode::open(keys, confirm)?;
    let (row, tenant) = {
        let tables = app.views.read();
        let row = tables.resources.get(code.tenant, code.resource).cloned()?;
        (row, tables.tenants.get(code.tenant).cloned()?)
    };
    let mark = mark_of(keys, code.tenant, code.resource, &code.address);
    let cancel = CancelCode { tenant: code.tenant, resource: code.resource, mark };
    let url = app.issuer(&tenant);
    let links = Links(&url);
    let filling = Filling {
        name: &service_name(app, &row),
        resource: code.resource,
        confirm: &links.confirm(code.resource, confirm),
        cancel: &links.cancel(code.resource, &cancel.seal(keys).ok()?),
    };
    let (subject, body) = filling.filled(open.wanted.language == "zh-CN");
    Some(Text { subject, body, template: open.wanted.template.clone() })
}

struct Filling<'a> {
    name: &'a str,
    resource: u32,
    confirm: &'a str,
    cancel: &'a str,
}

impl Filling<'_> {
    fn filled(&self, is_chinese: bool) -> (String, String) {
        let Self { name, resource, confirm, cancel } = self;
        match is_chinese {
            false => (
                format!("Confirm that you want to be told of changes of {name}"),
                format!(
                    "Somebody wants this address to be told when the API {name} ({resource}) \
                     changes.\n\nTo confirm it, follow this link within 30 minutes:\n{confirm}\n\n\
                     To be told nothing any more, later:\n{cancel}\n\nIf you did not ask for it, \
                     ignore this letter.\n"
                ),
            ),
            true => (
                format!("请确认订阅 {name} 的变更通知"),
                format!(
                    "有人请求在 API {name}（{resource}）变更时通知此邮箱。\n\n请在 30 分钟内打开以下链接确认：\n\
                     {confirm}\n\n以后如需退订：\n{cancel}\n\n如果不是您本人的操作，请忽略此邮件。\n"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_whose_api_it_is_and_both_links() {
        let filling = Filling {
            name: "Orders %code%",
            resource: 7,
            confirm: "https://a",
            cancel: "https://b",
        };
        for is_chinese in [false, true] {
            let (subject, body) = filling.filled(is_chinese);
            assert!(subject.contains("Orders %code%"), "{subject}");
            for part in ["Orders %code%", "7", "\nhttps://a\n", "\nhttps://b\n"] {
                assert!(body.contains(part), "{part} in {body}");
            }
        }
    }
}
