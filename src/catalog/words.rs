//! Names of programs as words of people.

/// What a person would call it: `average_sale`, `averageSale` and `AVERAGE_SALE` are Average sale.
pub fn humanised(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut before = None::<char>;
    for character in name.chars() {
        match before {
            None => words.extend(character.to_uppercase()),
            Some(_) if matches!(character, '_' | '-' | ' ') => words.push(' '),
            Some(last) if character.is_uppercase() && last.is_lowercase() => {
                words.push(' ');
                words.extend(character.to_lowercase());
            }
            Some(_) => words.extend(character.to_lowercase()),
        }
        before = Some(character);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        let table = [
            ("average_sale", "Average sale"),
            ("averageSale", "Average sale"),
            ("AVERAGE_SALE", "Average sale"),
            ("shop", "Shop"),
            ("größe", "Größe"),
            ("", ""),
        ];
        for (name, expected) in table {
            assert_eq!(humanised(name), expected);
        }
    }
}
