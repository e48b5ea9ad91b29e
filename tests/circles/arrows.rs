//! From names to the files that define them: which file uses which, and which files use each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{Module, Names, Sources, read_crate};

/// A name is given on from module to module at most so many times.
const HANDED_ON_MAX: usize = 16;

/// What the first file of each pair takes from the second, as names.
pub(crate) type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// A crate's modules, and the name that others use it by.
struct Crate {
    name: String,
    modules: BTreeMap<Names, Module>,
}

/// A module of one of the crates.
#[derive(Clone, Copy)]
struct ModuleRef<'a> {
    krate: &'a Crate,
    module: &'a Module,
    at: &'a Names,
}

/// What a path leads to.
enum Found<'a> {
    Module(ModuleRef<'a>),
    Item(&'a Module),
}

/// Every arrow between the files of the crates, each given by its name and its root file. Names that none of them defines, those of the
/// standard library and of other crates, make none; nor does a call of a method, which names no file.
pub(crate) fn find_arrows(roots: &[(String, String)], sources: &Sources) -> Arrows {
    let read = |(name, root): &(String, String)| Crate { name: name.clone(), modules: read_crate(root, sources) };
    let crates: Vec<Crate> = roots.iter().map(read).collect();
    let mut arrows = Arrows::new();
    for krate in &crates {
        for (at, module) in &krate.modules {
            collect_arrows(&crates, ModuleRef { krate, module, at }, &mut arrows);
        }
    }
    arrows
}

fn collect_arrows(crates: &[Crate], here: ModuleRef<'_>, arrows: &mut Arrows) {
    let mut add = |to: &str, name: &str| {
        if to != here.module.file {
            arrows.entry((here.module.file.clone(), to.to_owned())).or_default().insert(name.to_owned());
        }
    };
    for import in &here.module.imports {
        match resolve(crates, here, &import.path, 0) {
            // A module that hands on what stands below it does not use it.
            Some(Found::Item(_)) if import.is_public && leads_below(here, &import.path) => {}
            Some(Found::Item(module)) => add(&module.file, import.path.last().map_or("", String::as_str)),
            Some(Found::Module(place)) if import.alias == "*" && !import.is_public => add(&place.module.file, "*"),
            Some(Found::Module(_)) | None => {}
        }
    }
    for path in &here.module.mentions {
        if let Some(Found::Item(module)) = resolve(crates, here, path, 0) {
            add(&module.file, path.last().map_or("", String::as_str));
        }
    }
}

fn leads_below(here: ModuleRef<'_>, path: &Names) -> bool {
    path.first().is_some_and(|first| first == "self" || here.module.children.contains(first))
        || (path.first().is_some_and(|first| first == "crate") && path[1..].starts_with(here.at))
}

/// What `path` means where it is written.
fn resolve<'a>(crates: &'a [Crate], here: ModuleRef<'a>, path: &[String], handed_on: usize) -> Option<Found<'a>> {
    let (first, rest) = path.split_first()?;
    let place = |at: &[String]| {
        let (at, module) = here.krate.modules.get_key_value(at)?;
        Some(ModuleRef { krate: here.krate, module, at })
    };
    match first.as_str() {
        "crate" => descend(crates, place(&[])?, rest, handed_on),
        "self" => descend(crates, here, rest, handed_on),
        "super" => {
            let mut above = place(&here.at[..here.at.len().checked_sub(1)?])?;
            let mut rest = rest;
            while let Some((_, further)) = rest.split_first().filter(|(name, _)| *name == "super") {
                above = place(&above.at[..above.at.len().checked_sub(1)?])?;
                rest = further;
            }
            descend(crates, above, rest, handed_on)
        }
        _ => find_in(crates, here, path, handed_on).or_else(|| {
            let krate = crates.iter().find(|krate| krate.name == *first)?;
            let (at, module) = krate.modules.get_key_value(&[][..])?;
            descend(crates, ModuleRef { krate, module, at }, rest, handed_on)
        }),
    }
}

/// What `path` means from a module of ours on. A name that is not seen there is made by a macro there.
fn descend<'a>(crates: &'a [Crate], place: ModuleRef<'a>, path: &[String], handed_on: usize) -> Option<Found<'a>> {
    if path.is_empty() {
        Some(Found::Module(place))
    } else {
        find_in(crates, place, path, handed_on).or(Some(Found::Item(place.module)))
    }
}

/// What `path` means among the names that a module has.
fn find_in<'a>(crates: &'a [Crate], place: ModuleRef<'a>, path: &[String], handed_on: usize) -> Option<Found<'a>> {
    let (name, rest) = path.split_first()?;
    let ModuleRef { krate, module, at } = place;
    let below: Names = at.iter().chain([name]).cloned().collect();
    let child = krate.modules.get_key_value(&below).map(|(at, module)| ModuleRef { krate, module, at });
    // A module and an item may bear one name.
    if let Some(child) = child.filter(|_| !rest.is_empty()) {
        return descend(crates, child, rest, handed_on);
    }
    if module.items.contains(name) {
        return Some(Found::Item(module));
    }
    if handed_on == HANDED_ON_MAX {
        return None;
    }
    for import in module.imports.iter().filter(|import| import.alias == *name) {
        let path: Names = import.path.iter().chain(rest).cloned().collect();
        if let Some(found) = resolve(crates, place, &path, handed_on + 1) {
            return Some(found);
        }
    }
    if let Some(child) = child {
        return Some(Found::Module(child));
    }
    for import in module.imports.iter().filter(|import| import.alias == "*") {
        if let Some(Found::Module(other)) = resolve(crates, place, &import.path, handed_on + 1)
            && let Some(found) = find_in(crates, other, path, handed_on + 1)
        {
            return Some(found);
        }
    }
    None
}

/// The sets of files that use each other in a circle, each sorted.
pub(crate) fn find_circles(arrows: &Arrows) -> BTreeSet<Vec<String>> {
    let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows.keys() {
        uses.entry(from).or_default().insert(to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = uses.keys().map(|file| (*file, reach(file, &uses))).collect();
    let circle_of = |file: &str| -> Vec<String> {
        let others = reached[file].iter().filter(|other| reached.get(**other).is_some_and(|back| back.contains(file)));
        others.map(|other| (*other).to_owned()).collect()
    };
    reached.keys().map(|file| circle_of(file)).filter(|circle| !circle.is_empty()).collect()
}

fn reach<'a>(file: &'a str, uses: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(next) = open.pop() {
        open.extend(uses.get(next).into_iter().flatten().filter(|other| reached.insert(**other)));
    }
    reached
}
