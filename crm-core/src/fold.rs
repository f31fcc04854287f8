//! Text as it is searched: without diacritics and tatweel, one form for each Arabic letter,
//! Latin digits, lower case.

use unicode_normalization::UnicodeNormalization as _;

/// The Latin form of a Latin, Arabic-Indic or Persian digit.
pub fn latin_digit(c: char) -> Option<char> {
    let base = match c {
        '0'..='9' => return Some(c),
        '\u{0660}'..='\u{0669}' => 0x0660,
        '\u{06f0}'..='\u{06f9}' => 0x06f0,
        _ => return None,
    };
    char::from_digit(u32::from(c) - base, 10)
}

/// Folds a text for searching.
pub fn fold(text: &str) -> String {
    text.nfkc()
        .filter_map(|c| match c {
            '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{06d6}'..='\u{06ed}' | '\u{0640}' => None,
            'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
            'ى' | 'ی' => Some('ي'),
            'ة' => Some('ه'),
            'ؤ' => Some('و'),
            'ئ' => Some('ي'),
            'ک' => Some('ك'),
            c => Some(latin_digit(c).unwrap_or(c)),
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn forms_of_one_word_are_one() {
        assert_eq!(fold("أَحْمَد"), fold("احمد"));
        assert_eq!(fold("مكتبـــة"), fold("مكتبه"));
        assert_eq!(fold("هدى ١٢٣"), "هدي 123");
        assert_eq!(fold("Jeddah"), "jeddah");
    }
}
