//! A crate as its source files write it: its modules, and what each of them defines, imports and names.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::{Token, closing, read_tokens};

/// Source files by their path in the checkout.
pub(crate) type Sources = BTreeMap<String, String>;

/// Names with `::` between them.
pub(crate) type Names = Vec<String>;

/// One module without its tests.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Where it is written.
    pub(crate) file: String,
    /// What it defines itself.
    pub(crate) items: BTreeSet<String>,
    /// The modules that it declares.
    pub(crate) children: BTreeSet<String>,
    pub(crate) imports: Vec<Import>,
    /// Every path outside of its imports, as written.
    pub(crate) mentions: BTreeSet<Names>,
}

/// One name of a `use` line.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    /// What it is called here; `*` for all names of a module.
    pub(crate) alias: String,
    /// As written.
    pub(crate) path: Names,
    /// Whether it is given on to others: `pub use`.
    pub(crate) is_public: bool,
}

/// The modules below the file `root`, by their names from there.
///
/// # Panics
/// Where a file is absent.
pub(crate) fn read_crate(root: &str, sources: &Sources) -> BTreeMap<Names, Module> {
    let mut reader = Reader { sources, modules: BTreeMap::new() };
    reader.read_file(root, Vec::new());
    reader.modules
}

struct Reader<'a> {
    sources: &'a Sources,
    modules: BTreeMap<Names, Module>,
}

impl Reader<'_> {
    fn read_file(&mut self, file: &str, at: Names) {
        let text = self.sources.get(file).unwrap_or_else(|| panic!("{file} is declared, but is not there"));
        self.read_module(file, at, &read_tokens(text));
    }

    /// Goes over a module's tokens once. What it defines is known by a keyword outside of every brace.
    fn read_module(&mut self, file: &str, at: Names, tokens: &[Token]) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        let mut depth = 0;
        let mut next = 0;
        while let Some(token) = tokens.get(next) {
            let follows = |mark| tokens.get(next + 1).is_some_and(|token| token.is_mark(mark));
            match (token.name().unwrap_or_default(), depth) {
                // `impl A + use<>` names what a type captures.
                ("use", _) if !follows('<') => {
                    let end = next + tokens[next..].iter().position(|token| token.is_mark(';')).unwrap_or(0);
                    collect_imports(&tokens[next + 1..end], &[], is_public(&tokens[..next]), &mut module.imports);
                    next = end;
                }
                ("mod", 0) => next = self.read_child((file, &at), &mut module, (tokens, next)),
                ("fn" | "struct" | "enum" | "trait" | "type" | "const" | "static", 0) => {
                    module.items.extend(tokens.get(next + 1).and_then(Token::name).map(str::to_owned));
                }
                ("macro_rules", 0) => {
                    module.items.extend(tokens.get(next + 2).and_then(Token::name).map(str::to_owned));
                }
                _ => {}
            }
            depth += i32::from(token.is_mark('{')) - i32::from(token.is_mark('}'));
            next = collect_mention(tokens, next, &mut module.mentions) + 1;
        }
        self.modules.insert(at, module);
    }

    /// Reads the module that is declared at a token, and returns its last token: one with a body stands in its parent's file, one
    /// without is a file or a folder's `mod.rs`.
    fn read_child(
        &mut self,
        (file, at): (&str, &Names),
        parent: &mut Module,
        (tokens, keyword): (&[Token], usize),
    ) -> usize {
        let name = tokens[keyword + 1].name().expect("a module has a name").to_owned();
        let below: Names = at.iter().cloned().chain([name.clone()]).collect();
        parent.children.insert(name.clone());
        if tokens[keyword + 2].is_mark('{') {
            let end = closing(tokens, keyword + 2);
            self.read_module(file, below, &tokens[keyword + 3..end]);
            return end;
        }
        let (folder, own) = file.rsplit_once('/').expect("every crate has a folder");
        let folder = match own {
            "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
            other => format!("{folder}/{}", other.trim_end_matches(".rs")),
        };
        let alone = format!("{folder}/{name}.rs");
        let child = if self.sources.contains_key(&alone) { alone } else { format!("{folder}/{name}/mod.rs") };
        self.read_file(&child, below);
        keyword + 2
    }
}

/// Whether the tokens before an item end in `pub`, or in `pub(crate)` and the like.
fn is_public(before: &[Token]) -> bool {
    let is_pub = |tokens: &[Token]| tokens.last().and_then(Token::name) == Some("pub");
    let open = before.iter().rposition(|token| token.is_mark('('));
    is_pub(before)
        || before.last().is_some_and(|token| token.is_mark(')')) && open.is_some_and(|at| is_pub(&before[..at]))
}

/// The names of a `use` line, or of one of its groups, below the path `before`.
fn collect_imports(tokens: &[Token], before: &[String], is_public: bool, imports: &mut Vec<Import>) {
    let mut start = 0;
    while start < tokens.len() {
        let mut end = start;
        let mut path = before.to_vec();
        let mut alias = None;
        let mut is_group = false;
        while end < tokens.len() && !tokens[end].is_mark(',') {
            match &tokens[end] {
                Token::Name(name) if name == "as" => {
                    alias = tokens.get(end + 1).and_then(Token::name).map(str::to_owned);
                    end += 1;
                }
                Token::Name(name) => path.push(name.clone()),
                Token::Mark('*') => alias = Some("*".to_owned()),
                Token::Mark('{') => {
                    let inside = end + 1;
                    end = closing(tokens, end);
                    collect_imports(&tokens[inside..end], &path, is_public, imports);
                    is_group = true;
                }
                Token::Mark(_) | Token::Colons | Token::Text(_) => {}
            }
            end += 1;
        }
        // `a::{self}` is `a`.
        path.pop_if(|last| last == "self" && !before.is_empty());
        if let Some(last) = path.last().filter(|_| !is_group).cloned() {
            imports.push(Import { alias: alias.unwrap_or(last), path, is_public });
        }
        start = end + 1;
    }
}

/// Takes in the path that begins at a token, if one does, and returns its last token. A name alone counts where it is called, or is a
/// type's or a constant's; a text counts where it is a path (`with = "crate::x"`).
fn collect_mention(tokens: &[Token], start: usize, mentions: &mut BTreeSet<Names>) -> usize {
    let first = match &tokens[start] {
        Token::Name(first) => first,
        Token::Text(text) if text.starts_with("crate::") || text.starts_with("super::") => {
            mentions.insert(text.split("::").map(str::to_owned).collect());
            return start;
        }
        Token::Text(_) | Token::Colons | Token::Mark(_) => return start,
    };
    let mut path = vec![first.clone()];
    let mut end = start;
    while let [Token::Colons, Token::Name(name), ..] = &tokens[end + 1..] {
        path.push(name.clone());
        end += 2;
    }
    let before = |back: usize| start.checked_sub(back).map(|at| &tokens[at]);
    let is_mark = |token: Option<&Token>, mark| token.is_some_and(|token| token.is_mark(mark));
    // `a.b` is a part of a value, `..B` a path.
    let is_part = is_mark(before(1), '.') && !is_mark(before(2), '.');
    let is_definition = before(1).and_then(Token::name) == Some("fn");
    let is_called = is_mark(tokens.get(end + 1), '(') || is_mark(tokens.get(end + 1), '!');
    let is_type = first.starts_with(char::is_uppercase);
    if path.len() > 1 || (!is_part && !is_definition && (is_called || is_type)) {
        mentions.insert(path);
    }
    end
}
