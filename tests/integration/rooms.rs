//! Each room of the code uses only those above it, in the order that the docs of `src/lib.rs` state;
//! the rooms inside `run` likewise, in the order that the docs of `src/run/mod.rs` state.
//!
//! Tests are left out: they stand above all that they try.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

mod source;

use source::{Crate, Impl, Location, Mention};

#[test]
fn rooms_use_only_rooms_above_them() {
    assert_in_order(&upward_uses(&this_crate()));
}

#[test]
fn rooms_of_the_simulator_use_only_rooms_above_them() {
    let simulator = crates().into_iter().find(|c| c.name.as_deref() == Some("connect-simulator"));
    assert_in_order(&upward_uses(&simulator.expect("the simulator")));
}

#[test]
fn files_of_a_room_have_no_circle() {
    assert_in_order(&crates().iter().flat_map(circles).collect::<Vec<_>>());
}

#[test]
fn the_impl_blocks_of_a_type_stand_in_its_room() {
    assert_in_order(&impls_elsewhere(&this_crate()));
}

fn this_crate() -> Crate {
    Crate::root(Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// The crate at the root, and those beside it.
fn crates() -> Vec<Crate> {
    let mut crates = Crate::members(Path::new(env!("CARGO_MANIFEST_DIR")));
    crates.push(this_crate());
    crates
}

/// Asserts that no line breaks the order of the rooms; each problem is told in a text.
fn assert_in_order(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// The modules whose docs state an order of the rooms below them: the crate, and `run` as soon as one
/// of its rooms is a folder. Before that `run` is one room.
fn modules_with_rooms(code: &Crate) -> Vec<Location> {
    let run = vec!["run".to_owned()];
    let has_folders = code.below(&run).any(|location| location.len() > 2);
    if has_folders { vec![Vec::new(), run] } else { vec![Vec::new()] }
}

/// The rooms that hold no others. A crate beside the root is one.
fn innermost_rooms(code: &Crate) -> Vec<Location> {
    if code.name.is_some() {
        return vec![Vec::new()];
    }
    let parents = modules_with_rooms(code);
    let rooms = parents.iter().flat_map(|parent| {
        code.children(parent).iter().map(|name| [parent.clone(), vec![name.clone()]].concat())
    });
    rooms.filter(|room| !parents.contains(room)).collect()
}

/// The innermost room of a module.
fn room_of(code: &Crate, location: &[String]) -> Location {
    let inside = modules_with_rooms(code)
        .iter()
        .any(|parent| location.starts_with(parent) && !parent.is_empty());
    location.iter().take(if inside { 2 } else { 1 }).cloned().collect()
}

/// The names in the first list of a module's docs whose entries begin with names in code:
/// "- `outcome`: …", or several names in one entry.
fn stated_order(text: &str) -> Vec<String> {
    let docs = text.lines().filter_map(|line| line.strip_prefix("//!"));
    let list = docs.skip_while(|line| names_of_entry(line).is_empty());
    list.take_while(|line| !line.is_empty()).flat_map(names_of_entry).collect()
}

fn names_of_entry(line: &str) -> Vec<String> {
    let entry = line.strip_prefix(" - ").and_then(|entry| entry.split_once(": "));
    let Some((names, _)) = entry else { return Vec::new() };
    let names = names.split(", ").map(|name| name.trim_matches(['[', ']']));
    let code = names.map(|name| name.strip_prefix('`')?.strip_suffix('`'));
    code.map(|name| name.map(str::to_owned)).collect::<Option<_>>().unwrap_or_default()
}

/// The uses of rooms that the stated order has below, and rooms that the order lacks.
fn upward_uses(code: &Crate) -> Vec<String> {
    let parents = modules_with_rooms(code);
    parents
        .iter()
        .flat_map(|parent| [unstated(code, parent), upward(code, parent)].concat())
        .collect()
}

fn unstated(code: &Crate, parent: &Location) -> Vec<String> {
    let file = code.modules[parent].file.display();
    let order = stated_order(&code.modules[parent].text);
    let rooms = code.children(parent);
    let lacking = rooms.iter().filter(|room| !order.contains(room));
    let lacking = lacking.map(|room| format!("{file}: the order of rooms lacks `{room}`"));
    let unknown = order.iter().filter(|room| !rooms.contains(room));
    let unknown = unknown.map(|room| format!("{file}: the order has `{room}`, which is no room"));
    lacking.chain(unknown).collect()
}

/// The uses, in the rooms below a module, of rooms that do not stand above them.
fn upward(code: &Crate, parent: &Location) -> Vec<String> {
    let order = stated_order(&code.modules[parent].text);
    let place = |room: &String| order.iter().position(|stated| stated == room);
    let mut problems = Vec::new();
    for location in code.below(parent) {
        let own = &location[parent.len()];
        let mut known = BTreeSet::new();
        for mention in code.mentions(location).filter(|m| m.item.starts_with(parent)) {
            let used = room_used(code, parent, mention);
            let is_above =
                used.as_ref().is_some_and(|used| used == own || place(used) < place(own));
            if is_above || !known.insert(used.clone()) {
                continue;
            }
            let above = code.modules[parent].file.display();
            let used = used.map_or_else(|| above.to_string(), |used| format!("`{used}`"));
            let Mention { line, item } = mention;
            let (file, item) = (code.modules[location].file.display(), item.join("::"));
            problems.push(format!(
                "{file}:{line}: `{own}` uses {item} of {used}, which does not stand above it \
                     in {above}: {}",
                order.join(", "),
            ));
        }
    }
    problems
}

/// The room below a module that a mention leads to; nothing where the item is the module's own.
fn room_used(code: &Crate, parent: &Location, mention: &Mention) -> Option<String> {
    let written = mention.item.get(parent.len());
    let written = written.filter(|name| code.children(parent).contains(name));
    written.cloned().or_else(|| code.home(&mention.item).get(parent.len()).cloned())
}

/// The uses among files of one room that lead in a circle; of a crate beside the root among all files.
fn circles(code: &Crate) -> Vec<String> {
    let mut problems = Vec::new();
    for room in innermost_rooms(code) {
        let arrows = arrows(code, &room);
        for (Arrow { from, to }, mention) in &arrows {
            if reaches(&arrows, to, from) {
                let [from, to] = [from, to].map(|module| &code.modules[module]);
                let Mention { line, item } = mention;
                let text = format!(
                    "{}:{line}: uses {} of {}, which uses this file in turn",
                    from.file.display(),
                    item.join("::"),
                    to.file.display(),
                );
                problems.push(text);
            }
        }
    }
    problems
}

/// A file uses another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: Location,
    to: Location,
}

/// The files of a room that use each other, with the first line that does.
fn arrows<'c>(code: &'c Crate, room: &[String]) -> BTreeMap<Arrow, &'c Mention> {
    let mut arrows = BTreeMap::new();
    for from in code.modules.keys().filter(|location| location.starts_with(room)) {
        for mention in code.mentions(from) {
            let to = code.home(&mention.item);
            if to.starts_with(room) && to != *from {
                arrows.entry(Arrow { from: from.clone(), to }).or_insert(mention);
            }
        }
    }
    arrows
}

fn reaches(arrows: &BTreeMap<Arrow, &Mention>, from: &Location, to: &Location) -> bool {
    let mut reached = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        let further = arrows.keys().filter(|arrow| arrow.from == *next).map(|arrow| &arrow.to);
        open.extend(further.filter(|end| reached.insert(end)));
    }
    reached.contains(to)
}

/// The `impl` blocks that stand in another room than their type, unless it is that of their trait: a room
/// may teach a type of a room above it what only it knows.
fn impls_elsewhere(code: &Crate) -> Vec<String> {
    let mut problems = Vec::new();
    for (location, module) in &code.modules {
        for Impl { of: Mention { line, item }, implemented } in &module.impls {
            let room = |item: &Location| room_of(code, &code.home(item));
            let (here, home) = (room_of(code, location), room(item));
            if here != home && implemented.as_ref().map(room) != Some(here) {
                let (file, item, home) = (module.file.display(), item.join("::"), home.join("::"));
                let text = format!("{file}:{line}: `impl` of {item}, whose room is `{home}`");
                problems.push(text);
            }
        }
    }
    problems
}

/// What is found in a crate of these files.
fn problems_in(files: &[(&str, &str)]) -> Vec<String> {
    let code = Crate::of_files(files);
    [upward_uses(&code), circles(&code), impls_elsewhere(&code)].concat()
}

#[test]
fn a_use_of_a_lower_room_is_found_however_it_is_written() {
    let order = "//! - [`low`], `middle`: read first\n//!   and more\n//! - `high`: uses both\n\n\
                 mod high; mod low; mod middle;\n";
    for (text, line) in [
        ("use crate::high::Thing;", 1),
        ("use crate::{\n    high,\n    low,\n};", 2),
        ("use super::high as other;", 1),
        ("\nfn f() -> crate::high::Thing { todo!() }", 2),
        ("\nfn f() {\n    println!(\"{}\", crate::high::VALUE);\n}", 3),
    ] {
        let files = [("lib.rs", order), ("high.rs", ""), ("low.rs", ""), ("middle.rs", text)];
        let found = problems_in(&files);
        let [found] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert!(found.starts_with(&format!("src/middle.rs:{line}: `middle` uses high")), "{found}");
        assert!(found.ends_with("src/lib.rs: low, middle, high"), "{found}");
    }
    let exporting = format!("{order}pub use other_crate as other;\n");
    let elsewhere = ("middle.rs", "use crate::other::Thing;");
    let files = [("lib.rs", exporting.as_str()), ("high.rs", ""), ("low.rs", ""), elsewhere];
    assert_eq!(problems_in(&files), [] as [&str; 0]);
    for text in
        ["use crate::low;", "#[cfg(test)]\nmod tests { use crate::high; }", "//! [`crate::high`]"]
    {
        let files = [("lib.rs", order), ("high.rs", ""), ("low.rs", ""), ("middle.rs", text)];
        assert_eq!(problems_in(&files), [] as [&str; 0], "{text}");
    }
}

#[test]
fn every_room_has_a_place_in_the_stated_order() {
    let files = [("lib.rs", "//! - `gone`: no more\n\nmod new;"), ("new.rs", "")];
    let lacks = "src/lib.rs: the order of rooms lacks `new`";
    assert_eq!(problems_in(&files), [lacks, "src/lib.rs: the order has `gone`, which is no room"]);

    let outer = ("lib.rs", "//! - `run`: the rest\n\nmod run;");
    let one_floor = [outer, ("run/mod.rs", "mod job;"), ("run/job.rs", "")];
    assert_eq!(problems_in(&one_floor), [] as [&str; 0]);
    let folders =
        [outer, ("run/mod.rs", "mod job;"), ("run/job/mod.rs", "mod key;"), ("run/job/key.rs", "")];
    assert_eq!(problems_in(&folders), ["src/run/mod.rs: the order of rooms lacks `job`"]);
}

#[test]
fn rooms_in_run_use_neither_a_lower_one_nor_what_stands_above_them_all() {
    let found = problems_in(&[
        ("lib.rs", "//! - `run`: all\n\nmod run;"),
        (
            "run/mod.rs",
            "//! - `job`: first\n//! - `fetch`: second\n\nmod fetch; mod job;\npub use job::key::Key;\npub struct Runner;",
        ),
        ("run/job/mod.rs", "mod key;"),
        ("run/job/key.rs", "use super::super::fetch::Query;\nimpl crate::run::fetch::Query {}"),
        ("run/fetch.rs", "use super::{Key, Runner};\npub struct Query;"),
    ]);
    assert_eq!(
        found,
        [
            "src/run/fetch.rs:1: `fetch` uses run::Runner of src/run/mod.rs, which does not stand \
             above it in src/run/mod.rs: job, fetch",
            "src/run/job/key.rs:1: `job` uses run::fetch::Query of `fetch`, which does not stand \
             above it in src/run/mod.rs: job, fetch",
            "src/run/job/key.rs:2: `impl` of run::fetch::Query, whose room is `run::fetch`",
        ]
    );
}

#[test]
fn files_that_use_each_other_are_found_through_exports_and_calls() {
    let lib = ("lib.rs", "//! - `room`: one\n\nmod room;");
    let circle = |module: &str, part: &str| {
        problems_in(&[
            lib,
            ("room/mod.rs", module),
            ("room/a.rs", part),
            ("room/b.rs", "pub struct B;"),
        ])
    };
    let module = "mod a; mod b;\npub use a::made;\npub(crate) use b::B;\n";
    // To export an item is not to use it, and what is exported is used where it is defined.
    assert_eq!(circle(module, "use super::B;\npub fn made() {}"), [] as [&str; 0]);
    let part = "use super::Size;\npub fn made() -> Size { Size }";
    assert_eq!(circle(&format!("{module}pub struct Size;"), part), [] as [&str; 0]);
    let both = circle(&format!("{module}pub struct Size;\nfn f() {{ made(); }}"), part);
    assert_eq!(
        both,
        [
            "src/room/mod.rs:5: uses room::a::made of src/room/a.rs, which uses this file in turn",
            "src/room/a.rs:1: uses room::Size of src/room/mod.rs, which uses this file in turn",
        ]
    );
}

#[test]
fn a_trait_is_implemented_in_its_room_or_in_that_of_the_type() {
    let lib = ("lib.rs", "//! - `low`: types\n//! - `high`: more\n\nmod high; mod low;");
    let low = ("low.rs", "pub struct Thing;\npub trait Known {}\nimpl Known for Thing {}");
    let high = |text: &str| problems_in(&[lib, low, ("high.rs", text)]);
    let own = "use crate::low::Thing;\ntrait Own {}\nimpl Own for Thing {}";
    assert_eq!(high(own), [] as [&str; 0]);
    for block in ["impl crate::low::Thing {}", "impl Clone for crate::low::Thing {}"] {
        let found = "src/high.rs:1: `impl` of low::Thing, whose room is `low`";
        assert_eq!(high(block), [found], "{block}");
    }
}
