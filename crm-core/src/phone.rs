//! Phone numbers as E.164, with the Saudi Arabian country code where none is given.

/// `05…`, `5…`, `00966…`, `+966…` and Arabic-Indic digits as `+966…`.
pub fn normalise(text: &str) -> Result<String, String> {
    let mut digits = String::with_capacity(16);
    let mut plus = false;
    for c in text.trim().chars() {
        match c {
            '+' if digits.is_empty() => plus = true,
            ' ' | '-' | '(' | ')' | '.' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => {}
            _ => match crate::fold::latin_digit(c) {
                Some(digit) => digits.push(digit),
                None => {
                    return Err(format!("\"{text}\" is not a phone number: \"{c}\" cannot be part of one"));
                }
            },
        }
    }
    let number = if plus {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else if let Some(rest) = digits.strip_prefix('0') {
        format!("966{rest}")
    } else if digits.starts_with("966") && digits.len() == 12 {
        digits
    } else if digits.starts_with('5') && digits.len() == 9 {
        format!("966{digits}")
    } else {
        digits
    };
    // E.164: at most fifteen digits, no country code begins with 0.
    if number.len() < 8 || number.len() > 15 || number.starts_with('0') {
        return Err(format!("\"{text}\" is not a phone number; write it like +966501234567 or 0501234567"));
    }
    if number.starts_with("966") && number.len() != 12 {
        return Err(format!("\"{text}\" is not a Saudi number: after +966 come nine digits"));
    }
    Ok(format!("+{number}"))
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn the_ways_in_which_people_write_it() {
        for text in [
            "0501234567",
            "501234567",
            "+966 50 123 4567",
            "00966501234567",
            "966501234567",
            "٠٥٠١٢٣٤٥٦٧",
            "(050) 123-4567",
        ] {
            assert_eq!(normalise(text).as_deref(), Ok("+966501234567"), "{text}");
        }
        assert_eq!(normalise("+20 100 123 4567").as_deref(), Ok("+201001234567"));
        for text in ["", "12", "05012345", "call me", "+9665012345678"] {
            assert!(normalise(text).is_err(), "{text}");
        }
    }
}
