//! Texts of the document as they may be shown.

use crate::limits::TEXT_CHARS_MAX;

/// A text of the document as it may be shown: at most [`TEXT_CHARS_MAX`] characters, no control
/// characters, none that change the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let is_hidden = |it: char| {
        it.is_control()
            || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut shown = String::new();
    for (at, char) in text.chars().enumerate() {
        if at == TEXT_CHARS_MAX {
            shown.push('…');
            break;
        }
        shown.push(if is_hidden(char) { '\u{fffd}' } else { char });
    }
    shown
}
