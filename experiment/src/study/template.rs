//! `cnsim study new`: a commented file that can be run as it is.

use super::error::StudyError;
use super::settings::name;

/// The file, of a study that is called `relay`.
const TEMPLATE: &str = include_str!("template.toml");

/// The file of a study that is called so.
///
/// # Errors
/// Where no study can be called so.
pub(super) fn named(asked: &str) -> Result<String, StudyError> {
    let named = name(Some(asked)).map_err(|why| StudyError::Name { name: asked.to_owned(), why })?;
    Ok(TEMPLATE.replace("name = \"relay\"", &format!("name = \"{named}\"")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::study::file::StudyFile;
    use crate::study::plan::{StudyPlan, Typed};

    #[test]
    fn the_template_is_a_study_as_it_is_and_with_all_that_is_commented_out() {
        let text = named("waves").unwrap();
        let path = Path::new("waves.toml");
        let plan = |text: String| {
            let file = StudyFile::parse(&text, path).unwrap();
            StudyPlan::of(&file, &Typed { limit: 500, ..Typed::default() }).unwrap()
        };
        let as_it_is = plan(text.clone());
        assert_eq!((as_it_is.name.as_str(), as_it_is.cells.len(), as_it_is.blocks), ("waves", 8, 10));
        as_it_is.check(path).unwrap();

        let is_code =
            |code: &str| code.starts_with('[') || code.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let all = text.lines().map(|line| line.strip_prefix("# ").filter(|code| is_code(code)).unwrap_or(line));
        let all = all.collect::<Vec<_>>().join("\n").replace("repeats = 10", "");
        let plan = plan(all);
        assert_eq!((plan.cells.len(), plan.blocks), (6, 3));
        assert_eq!(plan.cells[0].condition, "baseline");
    }

    #[test]
    fn the_file_of_the_docs_is_a_study() {
        let page = include_str!("../../../docs/studies.md");
        let text = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let path = Path::new("relay.toml");
        let file = StudyFile::parse(text, path).unwrap();
        let plan = StudyPlan::of(&file, &Typed { limit: 500, ..Typed::default() }).unwrap();
        plan.check(path).unwrap();
        let names: Vec<&str> = plan.cells.iter().map(|cell| cell.condition.as_str()).collect();
        assert_eq!(
            names,
            [
                "baseline",
                "flood, split for 10s",
                "push:4, split for 1s",
                "push:4, split for 10s",
                "push-pull, split for 1s"
            ]
        );
    }
}
