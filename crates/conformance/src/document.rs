use std::path::{Path, PathBuf};

use serde_json::Value;

/// One vector file.
#[derive(Clone, Debug)]
pub struct Document {
    path: PathBuf,
    name: String,
    text: Vec<u8>,
    value: Value,
}

/// Why a file could not be read as a vector document.
#[derive(Debug)]
pub enum LoadError {
    /// The file cannot be read.
    Io(std::io::Error),
    /// The file name has no readable stem.
    Name,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Name => f.write_str("file name is not readable text"),
        }
    }
}

impl std::error::Error for LoadError {}

impl Document {
    /// Reads a file.
    ///
    /// A file that serde_json refuses (stored text may hold lone surrogates) has [`Value::Null`] as its value: its
    /// check reads [`text`](Self::text) instead.
    ///
    /// # Errors
    /// When the file cannot be read or its name is not UTF-8.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let text = std::fs::read(path).map_err(LoadError::Io)?;
        let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or(LoadError::Name)?.to_owned();
        let value = serde_json::from_slice(&text).unwrap_or(Value::Null);
        Ok(Self { path: path.to_owned(), name, text, value })
    }

    /// The file's name without `.json`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the document says it is, in its member `schema`, `format` or `kind`; empty when it says nothing.
    #[must_use]
    pub fn schema(&self) -> &str {
        ["schema", "format", "kind"].iter().find_map(|member| self.value.get(member)?.as_str()).unwrap_or("")
    }

    /// The parsed file.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The file's bytes.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The entries of the list member `member`, with a label for each: its own `id` or `name`, or its place.
    /// Empty when there is no such list.
    pub fn list<'a>(&'a self, member: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
        let entries = self.value.get(member).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        entries.iter().enumerate().map(move |(index, entry)| {
            let own = ["id", "name"].iter().find_map(|key| entry.get(key)?.as_str());
            (own.map_or_else(|| format!("{member}[{index}]"), |own| format!("{member}[{index}] {own}")), entry)
        })
    }

    /// The entries of the list `cases`, labelled.
    pub fn cases(&self) -> impl Iterator<Item = (String, &Value)> {
        self.list("cases")
    }
}
