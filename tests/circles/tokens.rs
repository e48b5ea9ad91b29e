//! Rust as far as names, brackets and texts go: enough to tell which names a file defines, imports and mentions.

/// One token. Comments, numbers' digits and lifetimes are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or a keyword.
    Name(String),
    /// `::`
    Colons,
    /// One other character; a number is `0`.
    Mark(char),
    /// What stands between quotation marks.
    Text(String),
}

impl Token {
    /// The name or keyword, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Colons | Self::Mark(_) | Self::Text(_) => None,
        }
    }

    pub(crate) fn is_mark(&self, mark: char) -> bool {
        *self == Self::Mark(mark)
    }
}

/// The tokens of a file without what is compiled for tests alone.
pub(crate) fn read_tokens(source: &str) -> Vec<Token> {
    let tokens = tokenize(source);
    let test = [Token::Mark('#'), Token::Mark('['), name("cfg"), Token::Mark('('), name("test"), Token::Mark(')')];
    let mut kept = Vec::new();
    let mut next = 0;
    while next < tokens.len() {
        if tokens[next..].starts_with(&test) {
            next = end_of_item(&tokens, next) + 1;
        } else {
            kept.push(tokens[next].clone());
            next += 1;
        }
    }
    kept
}

/// Where the bracket that opens at `open` is closed.
pub(crate) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            Token::Mark(_) | Token::Name(_) | Token::Colons | Token::Text(_) => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

fn name(text: &str) -> Token {
    Token::Name(text.to_owned())
}

/// The last token of the item whose attributes begin at `start`: its body's brace, or the semicolon of one without a body.
fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut at = start;
    while at < tokens.len() {
        match tokens[at] {
            Token::Mark('{') => return closing(tokens, at),
            Token::Mark(';') => return at,
            Token::Mark('(' | '[') => at = closing(tokens, at),
            Token::Mark(_) | Token::Name(_) | Token::Colons | Token::Text(_) => {}
        }
        at += 1;
    }
    tokens.len() - 1
}

fn tokenize(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("::") {
            tokens.push(Token::Colons);
            2
        } else if let Some((text, length)) = quoted(rest) {
            tokens.push(Token::Text(text.to_owned()));
            length
        } else if rest.starts_with("b'") {
            1 + quote_length(&rest[1..])
        } else if first == '\'' {
            quote_length(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let length = word_length(rest);
            let is_number = first.is_ascii_digit();
            tokens.push(if is_number { Token::Mark('0') } else { name(&rest[..length]) });
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The text that begins here, raw or not, and the length of it with its marks.
fn quoted(rest: &str) -> Option<(&str, usize)> {
    let prefix = rest.find('"').filter(|at| matches!(&rest[..*at], "" | "b" | "c"));
    if let Some(start) = prefix {
        let mut is_escaped = false;
        let end = rest[start + 1..].find(|c: char| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let end = start + 1 + end?;
        return Some((&rest[start + 1..end], end + 1));
    }
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = raw.find(|c| c != '#')?;
    let start = rest.len() - raw.len() + hashes + 1;
    if !raw[hashes..].starts_with('"') {
        return None;
    }
    let mark = format!("\"{}", "#".repeat(hashes));
    let end = start + rest[start..].find(&mark)?;
    Some((&rest[start..end], end + mark.len()))
}

/// The length of a letter in quotation marks, or of a lifetime.
fn quote_length(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    let (Some((_, letter)), Some((after, next))) = (letters.next(), letters.next()) else { return rest.len() };
    if letter == '\\' {
        // The letter after the backslash may be a quotation mark itself.
        let from = after + next.len_utf8();
        from + rest[from..].find('\'').map_or(0, |at| at + 1)
    } else if next == '\'' {
        after + 1
    } else {
        1 + word_length(&rest[1..])
    }
}

#[test]
fn comments_texts_letters_and_tests_are_told_from_code() {
    let source = r####"
        // use a::B; "
        fn f<'a>(x: &'a str) -> char { /* c::D */ g("e::\"F", r#"h"i"#, b'\'', '"', 'x', 1.5e3, x.0) }
        #[cfg(test)]
        #[path = "t.rs"]
        mod tests;
        #[cfg(test)]
        impl A { fn b(x: [u8; 3]) {} }
        use j::K;
    "####;

    let tokens = read_tokens(source);

    let names: Vec<&str> = tokens.iter().filter_map(Token::name).collect();
    assert_eq!(names, ["fn", "f", "x", "str", "char", "g", "x", "use", "j", "K"]);
    let texts = tokens.iter().filter(|token| matches!(token, Token::Text(_)));
    assert_eq!(texts.collect::<Vec<_>>(), [&Token::Text("e::\\\"F".to_owned()), &Token::Text("h\"i".to_owned())]);
}
