//! Rounds in words.

/// How many numbers a sentence lists.
const SHOWN: usize = 5;

/// Some rounds in words, the first few by number.
pub(super) fn list_rounds(rounds: &[u32]) -> String {
    let shown: Vec<String> = rounds.iter().take(SHOWN).map(u32::to_string).collect();
    let more = if rounds.len() > SHOWN { ", …" } else { "" };
    let word = if rounds.len() == 1 { "round" } else { "rounds" };
    format!("{word} {}{more}", shown.join(", "))
}
