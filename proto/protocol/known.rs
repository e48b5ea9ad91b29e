//! Every protocol that can be typed, one line each.

use std::sync::Arc;

use super::contract::{Protocol, Syntax};
use super::error::ParseError;
use super::{
    announce, anti_entropy, direct_mail, epidemic, flood, plumtree, pull, push, push_periodic, push_pull, rumor, spray,
};

/// In the order that help shows them in.
pub(super) const ALL: &[Syntax] = &[
    direct_mail::SYNTAX,
    flood::SYNTAX,
    push::SYNTAX,
    push_periodic::SYNTAX,
    pull::SYNTAX,
    push_pull::SYNTAX,
    anti_entropy::SYNTAX,
    rumor::SYNTAX,
    plumtree::SYNTAX,
    announce::SYNTAX,
    epidemic::SYNTAX,
    spray::SYNTAX,
];

/// The protocol of this text.
///
/// # Errors
/// Where no protocol has its name, or the parts behind it are not what that one needs.
pub(super) fn parse(text: &str) -> Result<Arc<dyn Protocol>, ParseError> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let parts: Vec<&str> = parts.collect();
    let is_named = |syntax: &&Syntax| syntax.usage.split([':', '[']).next() == Some(name);
    let syntax = ALL.iter().find(is_named).ok_or_else(|| ParseError::Unknown {
        text: text.to_owned(),
        known: ALL.iter().map(|syntax| syntax.usage).collect::<Vec<_>>().join(", "),
    })?;
    let wrong = || ParseError::Parts { text: text.to_owned(), usage: syntax.usage, needs: syntax.needs };
    (syntax.parse)(&parts).ok_or_else(wrong)
}
