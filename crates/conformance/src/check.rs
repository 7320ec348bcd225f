use crate::{Document, Tally};

/// One way of checking one kind of vector file.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What is checked, in a few words: printed before the case in a failure.
    pub title: &'static str,
    /// The document's schema ([`Document::schema`]): empty for files that state none.
    pub schema: &'static str,
    /// How the document's file name begins, e.g. `use-permission-`; empty for every file of the schema.
    pub name: &'static str,
    /// Counts each case of the document as passed or failed.
    pub run: fn(&Document, &mut Tally),
}

impl Check {
    /// Whether the document is of the kind that this check reads.
    #[must_use]
    pub fn understands(&self, document: &Document) -> bool {
        let rest = document.name().strip_prefix(self.name);
        // "userops" must not take "userops-of-another-kind", but "use-permission-" takes all its versions.
        let fits = rest.is_some_and(|rest| {
            rest.is_empty() || self.name.is_empty() || self.name.ends_with('-') || rest.starts_with(['-', '.'])
        });
        fits && self.schema == document.schema()
    }
}
