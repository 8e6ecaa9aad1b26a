//! Characters that nobody sees.

/// Those that change how the text around them looks: they turn the direction of writing (UAX 9
/// section 2), or are spaces without a width. No text has them.
pub(crate) fn is_unseen(it: char) -> bool {
    matches!(it, '\u{200B}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Control characters, and those that end a line wherever it is shown.
pub(crate) fn is_line_end_or_control(it: char) -> bool {
    it.is_control() || matches!(it, '\u{2028}' | '\u{2029}')
}

/// All that take no place of their own (of Unicode's category `Cf`, or `Default_Ignorable`): with one of
/// them, another name looks the same. Texts need some: joiners stand in words of several languages.
pub(crate) fn is_format(it: char) -> bool {
    is_unseen(it)
        || matches!(
            it,
            '\u{AD}'
                | '\u{34F}'
                | '\u{600}'..='\u{605}'
                | '\u{61C}'
                | '\u{6DD}'
                | '\u{70F}'
                | '\u{890}'..='\u{891}'
                | '\u{8E2}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{110BD}'
                | '\u{110CD}'
                | '\u{13430}'..='\u{1343F}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}
