//! The texts of letters and short messages, in English and Chinese.

use domain::delivery::{CODE_TEXT, Channel, Open, PASSWORD_CHANGED_TEXT};
use domain::verification::code_seconds;

/// What is sent.
pub(super) struct Text {
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) template: String,
}

/// The text of a delivery in the name of a tenant. `None` if there is no such text.
pub(super) fn text_of(open: &Open, tenant: &str) -> Option<Text> {
    let template = open.wanted.template.as_str();
    let is_chinese = open.wanted.language == "zh-CN";
    let (subject, body) = match (template, open.wanted.channel, is_chinese) {
        (CODE_TEXT, Channel::Mail, false) => (
            "Your code for %tenant%",
            "Your code is %code%\n\nIt is valid for %minutes% minutes, and once. Nobody of %tenant% will \
             ask you for it.\nIf you did not ask for a code, ignore this letter.\n",
        ),
        (CODE_TEXT, Channel::Mail, true) => (
            "%tenant% 验证码",
            "您的验证码是 %code%\n\n%minutes% 分钟内有效，仅可使用一次。%tenant% 的工作人员不会向您索取验证码。\n\
             如果不是您本人的操作，请忽略此邮件。\n",
        ),
        (CODE_TEXT, Channel::Sms, false) => {
            ("", "%code% is your code for %tenant%. It is valid for %minutes% minutes.")
        }
        (CODE_TEXT, Channel::Sms, true) => {
            ("", "【%tenant%】您的验证码是 %code%，%minutes% 分钟内有效。")
        }
        (PASSWORD_CHANGED_TEXT, Channel::Mail, false) => (
            "Your password for %tenant% was changed",
            "The password of your account at %tenant% was changed by a code that was sent to your \
             telephone. All sessions have ended.\nIf that was not you, tell %tenant% at once.\n",
        ),
        (PASSWORD_CHANGED_TEXT, Channel::Mail, true) => (
            "%tenant% 密码已更改",
            "您在 %tenant% 的账户密码已通过手机验证码更改，所有会话均已结束。\n如果不是您本人的操作，请立即联系 %tenant%。\n",
        ),
        _ => return None,
    };
    let code = open.code.as_deref();
    if body.contains("%code%") && code.is_none() {
        return None;
    }
    let minutes = (code_seconds(open.wanted.channel) / 60).to_string();
    let filled = |text: &str| {
        // The name comes last: what it holds is not replaced.
        let text = text.replace("%code%", code.unwrap_or_default()).replace("%minutes%", &minutes);
        text.replace("%tenant%", tenant)
    };
    Some(Text { subject: filled(subject), body: filled(body), template: template.to_owned() })
}

#[cfg(test)]
mod tests {
    use domain::delivery::DeliveryWanted;
    use domain::{TenantId, Timestamp, UserId};

    use super::*;

    fn open(template: &str, channel: Channel, language: &str, code: Option<&str>) -> Open {
        let wanted = DeliveryWanted {
            channel,
            tenant: TenantId(1),
            user: UserId::NONE,
            template: template.to_owned(),
            language: language.to_owned(),
            wanted_at: Timestamp(0),
            until: Timestamp(1),
        };
        let code = code.map(str::to_owned);
        Open { wanted, to: None, code, attempts: 0, given_up: false }
    }

    #[test]
    fn every_text_is_whole_in_both_languages() {
        let texts = [
            (CODE_TEXT, Channel::Mail),
            (CODE_TEXT, Channel::Sms),
            (PASSWORD_CHANGED_TEXT, Channel::Mail),
        ];
        for (template, channel) in texts {
            for language in ["en", "zh-CN"] {
                let open = open(template, channel, language, Some("123456"));
                let text = text_of(&open, "Shop %code%").unwrap();
                assert!(text.body.contains("Shop %code%"), "{}", text.body);
                assert_eq!(text.subject.is_empty(), channel == Channel::Sms);
                assert_eq!(text.body.contains("123456"), template == CODE_TEXT, "{}", text.body);
                let rest = text.body.replace("Shop %code%", "");
                assert!(!rest.contains('%'), "{rest}");
            }
        }
        assert!(text_of(&open(CODE_TEXT, Channel::Mail, "en", None), "Shop").is_none());
        assert!(text_of(&open("other", Channel::Mail, "en", None), "Shop").is_none());
    }
}
