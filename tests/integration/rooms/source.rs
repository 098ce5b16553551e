//! The source as modules, each with the items that its code names. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// The names on the way to a module or an item from the root of the crate; the root has none.
pub type Location = Vec<String>;

/// The modules of a crate that stand in files of their own.
#[derive(Debug)]
pub struct Crate {
    /// The name of its folder; of the root there is none.
    pub name: Option<String>,
    pub modules: BTreeMap<Location, Module>,
}

/// A module in a file of its own.
#[derive(Debug, Default)]
pub struct Module {
    /// Its file, from the root of the workspace.
    pub file: PathBuf,
    /// Its text, with the docs.
    pub text: String,
    /// The items that its code names, by their location as written.
    mentions: Vec<Mention>,
    /// Its `impl` blocks of types of the crate.
    pub impls: Vec<Impl>,
    /// The names that its `use` lines bring in, and the items they stand for.
    imports: BTreeMap<String, Location>,
    /// The names under which it exports other crates, or items of them.
    foreign: BTreeSet<String>,
    children: Vec<String>,
    /// The names of its traits.
    traits: BTreeSet<String>,
}

/// An `impl` block.
#[derive(Debug)]
pub struct Impl {
    pub of: Mention,
    /// The trait, where it is one of the crate.
    pub implemented: Option<Location>,
}

/// An item of the crate, named in a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    pub line: usize,
    pub item: Location,
}

impl Crate {
    /// Reads the crate at the root of a workspace.
    pub fn root(workspace: &Path) -> Self {
        let mut root = Self { name: None, modules: BTreeMap::new() };
        root.add(workspace, Vec::new(), Path::new("src/lib.rs"));
        root
    }

    /// Reads the crates in the folder `crates` of a workspace.
    pub fn members(workspace: &Path) -> Vec<Self> {
        let folders = std::fs::read_dir(workspace.join("crates")).unwrap();
        let read = |folder: std::io::Result<std::fs::DirEntry>| {
            let name = folder.unwrap().file_name().into_string().unwrap();
            let file = Path::new("crates").join(&name).join("src/lib.rs");
            let mut member = Self { name: Some(name), modules: BTreeMap::new() };
            member.add(workspace, Vec::new(), &file);
            member
        };
        folders.map(read).collect()
    }

    /// The crate of these files, for tests of what is read of it.
    pub fn of_files(files: &[(&str, &str)]) -> Self {
        let package = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let file = package.path().join("src").join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        Self::root(package.path())
    }

    fn add(&mut self, workspace: &Path, location: Location, file: &Path) {
        let text = std::fs::read_to_string(workspace.join(file)).unwrap();
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let module = Module { file: file.to_owned(), text, ..Module::default() };
        let mut reader = Reader { location: location.clone(), module, inline: Vec::new() };
        // A name may be used above the line that brings it in.
        syntax.items.iter().for_each(|item| reader.note_child(item));
        syntax.items.iter().for_each(|item| reader.note_imports(item));
        reader.visit_file(&syntax);
        let children = reader.module.children.clone();
        self.modules.insert(location.clone(), reader.module);
        let folder = match file.file_stem().unwrap().to_str().unwrap() {
            "lib" | "mod" => file.parent().unwrap().to_owned(),
            stem => file.with_file_name(stem),
        };
        for child in children {
            let one_file = folder.join(&child).with_extension("rs");
            let in_a_folder = folder.join(&child).join("mod.rs");
            let file = if workspace.join(&one_file).exists() { one_file } else { in_a_folder };
            self.add(workspace, [location.clone(), vec![child]].concat(), &file);
        }
    }

    /// The module in whose file an item is defined, wherever it is exported again.
    pub fn home(&self, item: &[String]) -> Location {
        let mut location = Vec::new();
        for (index, name) in item.iter().enumerate() {
            let module = &self.modules[&location];
            if module.children.contains(name) {
                location.push(name.clone());
                continue;
            }
            let rest = &item[index + 1..];
            if let Some(import) = module.imports.get(name) {
                return self.home(&[import.as_slice(), rest].concat());
            }
            break;
        }
        location
    }

    /// The modules at a location and below it, without the location itself.
    pub fn below<'c>(&'c self, location: &[String]) -> impl Iterator<Item = &'c Location> {
        let location = location.to_vec();
        self.modules.keys().filter(move |at| at.len() > location.len() && at.starts_with(&location))
    }

    /// The items of this crate that a module names, in the order of their lines.
    pub fn mentions(&self, location: &[String]) -> impl Iterator<Item = &Mention> {
        let mentions = self.modules[location].mentions.iter();
        let own: BTreeSet<&Mention> = mentions.filter(|m| !self.is_foreign(&m.item)).collect();
        own.into_iter()
    }

    /// Tells whether the root exports the item from another crate.
    fn is_foreign(&self, item: &[String]) -> bool {
        let root = &self.modules[&Vec::new()];
        item.first().is_some_and(|name| root.foreign.contains(name))
    }

    /// The names of the modules right below a location.
    pub fn children(&self, location: &[String]) -> &[String] {
        &self.modules[location].children
    }
}

/// Reads the syntax of one file.
struct Reader {
    location: Location,
    module: Module,
    /// The modules without a file of their own that are being read.
    inline: Vec<String>,
}

impl Reader {
    fn note_child(&mut self, item: &Item) {
        if let Item::Trait(defined) = item {
            self.module.traits.insert(defined.ident.to_string());
        }
        if let Item::Mod(child) = item
            && !is_test(&child.attrs)
            && child.content.is_none()
        {
            self.module.children.push(child.ident.to_string());
        }
    }

    fn note_imports(&mut self, item: &Item) {
        let Item::Use(line) = item else { return };
        for import in leaves(&line.tree).into_iter().filter(|_| !is_test(&line.attrs)) {
            let is_export = !matches!(line.vis, Visibility::Inherited);
            if let Some(item) = self.locate(&import.path) {
                self.module.imports.insert(import.name, item);
            } else if is_export {
                self.module.foreign.insert(import.name);
            }
        }
    }

    /// The item of this crate that a path leads to, unless it leads elsewhere.
    fn locate(&self, path: &[String]) -> Option<Location> {
        let mut here = [self.location.clone(), self.inline.clone()].concat();
        let (first, mut rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return Some(rest.to_vec()),
            "self" => {}
            "super" => {
                here.pop();
                while let Some(further) = rest.strip_prefix(&["super".to_owned()]) {
                    here.pop();
                    rest = further;
                }
            }
            name if self.module.children.iter().any(|child| child == name) => rest = path,
            name => {
                let import = self.module.imports.get(name)?;
                return Some([import.as_slice(), rest].concat());
            }
        }
        here.extend_from_slice(rest);
        // An inline module is part of its file.
        Some(here)
    }

    fn mention(&mut self, path: &[String], line: usize) {
        if let Some(item) = self.locate(path) {
            self.module.mentions.push(Mention { line, item });
        }
    }

    /// The paths in what a macro is given.
    fn mention_in_macro(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut index = 0;
        while index < tokens.len() {
            let is_member = index > 0 && is_punct(&tokens[index - 1], '.');
            match &tokens[index] {
                TokenTree::Group(group) => self.mention_in_macro(group.stream()),
                TokenTree::Ident(first) if !is_member => {
                    let line = first.span().start().line;
                    let mut path = vec![first.to_string()];
                    while let [colon, second, TokenTree::Ident(name), ..] = &tokens[index + 1..]
                        && is_punct(colon, ':')
                        && is_punct(second, ':')
                    {
                        path.push(name.to_string());
                        index += 3;
                    }
                    let is_called = matches!(tokens.get(index + 1), Some(TokenTree::Group(_)));
                    if path.len() > 1 || is_called || is_capitalised(&path[0]) {
                        self.mention(&path, line);
                    }
                }
                _ => {}
            }
            index += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.inline.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.inline.pop();
        }
    }

    fn visit_item_use(&mut self, line: &'ast syn::ItemUse) {
        for import in leaves(&line.tree) {
            let Some(item) = self.locate(&import.path) else { continue };
            // To export what stands in a module below is not to use it.
            let is_export = !matches!(line.vis, Visibility::Inherited);
            if !(is_export && item.starts_with(&self.location)) {
                self.module.mentions.push(Mention { line: import.line, item });
            }
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if let syn::Type::Path(of) = &*block.self_ty
            && let Some(item) = self.locate(&names(&of.path))
        {
            let line = of.path.segments[0].ident.span().start().line;
            let implemented =
                block.trait_.as_ref().and_then(|(_, path, _)| match path.get_ident() {
                    Some(name) if self.module.traits.contains(&name.to_string()) => {
                        Some([self.location.clone(), vec![name.to_string()]].concat())
                    }
                    _ => self.locate(&names(path)),
                });
            self.module.impls.push(Impl { of: Mention { line, item }, implemented });
        }
        visit::visit_item_impl(self, block);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = names(path);
        // A single name in small letters is mostly a variable.
        if names.len() > 1 || is_capitalised(&names[0]) {
            self.mention(&names, path.segments[0].ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(function) = &*call.func
            && let Some(name) = function.path.get_ident()
        {
            self.mention(&[name.to_string()], name.span().start().line);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.mention_in_macro(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    /// Says who may use an item, and uses nothing itself.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

/// One name that a `use` line brings in.
struct Import {
    name: String,
    path: Vec<String>,
    line: usize,
}

fn leaves(tree: &UseTree) -> Vec<Import> {
    let import = |name: String, path: Vec<String>, line| vec![Import { name, path, line }];
    match tree {
        UseTree::Path(path) => {
            let first = path.ident.to_string();
            let mut found = leaves(&path.tree);
            for import in &mut found {
                if import.path == ["self"] {
                    import.name.clone_from(&first);
                    import.path.clear();
                }
                import.path.insert(0, first.clone());
            }
            found
        }
        UseTree::Name(leaf) => {
            let name = leaf.ident.to_string();
            import(name.clone(), vec![name], leaf.ident.span().start().line)
        }
        UseTree::Rename(leaf) => {
            let name = leaf.rename.to_string();
            import(name, vec![leaf.ident.to_string()], leaf.ident.span().start().line)
        }
        UseTree::Glob(glob) => {
            import("*".to_owned(), Vec::new(), glob.star_token.spans[0].start().line)
        }
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

fn names(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn is_capitalised(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// True for what is built for tests alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|flag| flag == "test")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
