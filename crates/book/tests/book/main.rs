//! What has to be true of the book beside its examples, which doc tests compile.

mod api;
mod files;
mod links;
mod names;
mod pages;
mod rustdoc;
mod table;
