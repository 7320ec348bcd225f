//! The public items of the published crates and their search aliases, read from the sources.
//!
//! rustdoc's output has no documented format and takes long to make, so that this check parses the sources. What rustdoc makes of
//! them is looked at where the documentation is built, see `rustdoc.rs`.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Expr, ExprLit, Fields, ImplItem, Item, Lit, Meta, TraitItem, Type, UseTree, Visibility};

use crate::files::{below, read, root};

/// The published crates.
pub(crate) const CRATES: [&str; 6] =
    ["bundler-rpc", "mee-client", "policy-encoding", "session-types", "smart-sessions", "userop"];

/// An item: its crate, the type or trait that it belongs to, its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) package: String,
    pub(crate) parent: Option<String>,
    pub(crate) name: String,
}

/// All items, each with the names that the search finds it by, as they are written.
#[derive(Debug, Default)]
pub(crate) struct Api {
    items: BTreeMap<Key, Vec<String>>,
}

impl Key {
    /// The key of a path such as `session_types::stored::SessionData::parse`.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split("::").collect();
        let (package, name) = (parts.first()?.replace('_', "-"), (*parts.last()?).to_owned());
        let parent = parts.get(parts.len().checked_sub(2)?).filter(|parent| parent.starts_with(char::is_uppercase));
        Some(Self { package, parent: parent.map(|parent| (*parent).to_owned()), name })
    }
}

impl Api {
    /// Reads every source of every published crate.
    pub(crate) fn read() -> Self {
        let mut api = Self::default();
        for package in CRATES {
            for file in below(&root().join("crates").join(package).join("src"), "rs") {
                let source =
                    syn::parse_file(&read(&file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                let folder = if file.ends_with("mod.rs") { file.parent().unwrap() } else { &file };
                let module = folder.file_stem().unwrap().to_string_lossy().into_owned();
                api.add(package, None, &module, &source.attrs);
                api.add_items(package, &source.items);
            }
        }
        api
    }

    /// Whether there is an item of this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        Key::of(path).is_some_and(|key| self.items.contains_key(&key))
    }

    /// Whether a search for the name finds the item: rustdoc leaves case and underscores aside in names, and case in aliases.
    pub(crate) fn is_found_by(&self, path: &str, name: &str) -> bool {
        let Some((key, aliases)) = Key::of(path).and_then(|key| self.items.get_key_value(&key)) else { return false };
        plain(&key.name) == plain(name) || aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    fn add(&mut self, package: &str, parent: Option<&str>, name: &str, attributes: &[Attribute]) {
        let key = Key { package: package.to_owned(), parent: parent.map(str::to_owned), name: name.to_owned() };
        self.items.entry(key).or_default().extend(attributes.iter().flat_map(aliases));
    }

    fn add_items(&mut self, package: &str, items: &[Item]) {
        for item in items {
            self.add_item(package, item);
        }
    }

    fn add_item(&mut self, package: &str, item: &Item) {
        let public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
        match item {
            Item::Struct(item) if public(&item.vis) => {
                let name = item.ident.to_string();
                self.add(package, None, &name, &item.attrs);
                self.add_fields(package, &name, &item.fields);
            }
            Item::Enum(item) if public(&item.vis) => {
                let name = item.ident.to_string();
                self.add(package, None, &name, &item.attrs);
                for variant in &item.variants {
                    self.add(package, Some(&name), &variant.ident.to_string(), &variant.attrs);
                }
            }
            Item::Fn(item) if public(&item.vis) => {
                self.add(package, None, &item.sig.ident.to_string(), &item.attrs);
            }
            Item::Const(item) if public(&item.vis) => {
                self.add(package, None, &item.ident.to_string(), &item.attrs);
            }
            Item::Type(item) if public(&item.vis) => {
                self.add(package, None, &item.ident.to_string(), &item.attrs);
            }
            Item::Mod(item) if public(&item.vis) => {
                self.add(package, None, &item.ident.to_string(), &item.attrs);
                self.add_items(package, item.content.as_ref().map_or(&[], |(_, items)| items));
            }
            Item::Trait(item) if public(&item.vis) => {
                let name = item.ident.to_string();
                self.add(package, None, &name, &item.attrs);
                for member in &item.items {
                    if let TraitItem::Fn(method) = member {
                        self.add(package, Some(&name), &method.sig.ident.to_string(), &method.attrs);
                    }
                }
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let Type::Path(path) = &*item.self_ty else { return };
                let Some(parent) = path.path.segments.last().map(|segment| segment.ident.to_string()) else { return };
                for member in &item.items {
                    match member {
                        ImplItem::Fn(method) if public(&method.vis) => {
                            self.add(package, Some(&parent), &method.sig.ident.to_string(), &method.attrs);
                        }
                        ImplItem::Const(constant) if public(&constant.vis) => {
                            let name = constant.ident.to_string();
                            self.add(package, Some(&parent), &name, &constant.attrs);
                        }
                        _ => {}
                    }
                }
            }
            Item::Use(item) if public(&item.vis) => {
                let mut tree = &item.tree;
                while let UseTree::Path(path) = tree {
                    tree = &path.tree;
                }
                if let UseTree::Name(name) = tree {
                    self.add(package, None, &name.ident.to_string(), &item.attrs);
                }
            }
            Item::Macro(item) if item.ident.is_none() => self.add_macro(package, item.mac.tokens.clone()),
            _ => {}
        }
    }

    /// Types that a macro of ours makes: attributes, a name, and members in braces, or the end.
    fn add_macro(&mut self, package: &str, tokens: TokenStream) {
        let mut attributes = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    attributes.extend([TokenTree::Punct(punct)].into_iter().chain(tokens.next()));
                }
                TokenTree::Ident(name) if name.to_string().starts_with(char::is_uppercase) => {
                    let members = tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                    let taken = std::mem::take(&mut attributes);
                    let made = quote::quote!(#taken pub struct #name { });
                    let Ok(item) = syn::parse2::<syn::ItemStruct>(made) else { continue };
                    self.add(package, None, &name.to_string(), &item.attrs);
                    let Some(TokenTree::Group(members)) = members else { continue };
                    let members = members.stream();
                    if let Ok(item) = syn::parse2::<syn::ItemStruct>(quote::quote!(pub struct #name { #members })) {
                        for member in item.fields.iter().filter_map(|field| field.ident.as_ref()) {
                            self.add(package, Some(&name.to_string()), &member.to_string(), &[]);
                        }
                    }
                    // What follows an arrow is a type that exists already.
                    while tokens
                        .next_if(|next| !matches!(next, TokenTree::Punct(end) if end.as_char() == ';'))
                        .is_some()
                    {}
                }
                _ => {}
            }
        }
    }

    fn add_fields(&mut self, package: &str, parent: &str, fields: &Fields) {
        for field in fields.iter().filter(|field| matches!(field.vis, Visibility::Public(_))) {
            if let Some(name) = &field.ident {
                self.add(package, Some(parent), &name.to_string(), &field.attrs);
            }
        }
    }
}

/// A name as rustdoc's search compares it.
fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

/// The names in `#[doc(alias = "…")]` and `#[doc(alias("…", "…"))]`.
fn aliases(attribute: &Attribute) -> Vec<String> {
    let mut found = Vec::new();
    if !attribute.path().is_ident("doc") || !matches!(attribute.meta, Meta::List(_)) {
        return found;
    }
    let _ = attribute.parse_nested_meta(|meta| {
        if !meta.path.is_ident("alias") {
            // `hidden`, `inline` and others have nothing to say here.
            return if meta.input.is_empty() { Ok(()) } else { meta.value()?.parse::<Expr>().map(drop) };
        }
        if meta.input.peek(syn::token::Paren) {
            let names;
            syn::parenthesized!(names in meta.input);
            let names = names.parse_terminated(<syn::LitStr as syn::parse::Parse>::parse, syn::Token![,])?;
            found.extend(names.iter().map(syn::LitStr::value));
        } else if let Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) = meta.value()?.parse()? {
            found.push(name.value());
        }
        Ok(())
    });
    found
}

#[test]
fn both_forms_of_aliases_are_read() {
    let item: syn::ItemStruct =
        syn::parse_str("#[doc(alias = \"one\")] #[doc(alias(\"two\", \"three\"))] #[doc = \"alias\"] pub struct A;")
            .unwrap();
    assert_eq!(item.attrs.iter().flat_map(aliases).collect::<Vec<_>>(), ["one", "two", "three"]);
}
