//! What a cell is called: the levels of what varies, in words that need no key where their value says enough.

use cnsim::manifest::FactorLevel;

/// What a cell with these levels is called. The number of nodes is left out: it is no condition but what a condition is
/// measured at.
pub fn condition(levels: &[FactorLevel]) -> String {
    let words: Vec<String> = levels.iter().filter(|level| level.factor != NODES).map(words).collect();
    words.join(", ")
}

/// What a cell is called where its name must tell the number of nodes too.
pub fn cell(levels: &[FactorLevel]) -> String {
    levels.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// The key of the number of nodes.
const NODES: &str = "nodes";

/// Keys whose values are names.
const NAMED: [&str; 3] = ["protocol", "topology", "backend"];

fn words(FactorLevel { factor, level }: &FactorLevel) -> String {
    if NAMED.contains(&factor.as_str()) {
        return level.clone();
    }
    if factor == NODES {
        return format!("{level} nodes");
    }
    let name = factor.strip_prefix("fault.").unwrap_or(factor).replace(['.', '_'], " ");
    match level.as_str() {
        "true" => name,
        "false" => format!("no {name}"),
        value => format!("{name} {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(pairs: &[(&str, &str)]) -> Vec<FactorLevel> {
        let one =
            |(factor, level): &(&str, &str)| FactorLevel { factor: (*factor).to_owned(), level: (*level).to_owned() };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn a_cell_is_called_by_the_levels_of_what_varies() {
        let of = |pairs: &[(&str, &str)]| condition(&levels(pairs));
        assert_eq!(of(&[("protocol", "push:4"), ("nodes", "100"), ("loss", "5%")]), "push:4, loss 5%");
        assert_eq!(of(&[("fault.split.for", "1s"), ("fault.churn", "false")]), "split for 1s, no churn");
        assert_eq!(of(&[("back_to_sender", "true"), ("in_flight", "8")]), "back to sender, in flight 8");
        assert_eq!(cell(&levels(&[("nodes", "100")])), "100 nodes");
    }
}
