//! The tables of `docs/from-typescript.md`.

/// One row: names of the TypeScript side, our items, a remark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) names: Vec<String>,
    pub(crate) items: Vec<String>,
    pub(crate) remark: String,
}

/// The rows of every table whose first column holds names in backticks.
pub(crate) fn rows(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [names, items, remark] = cells[..] else { panic!("not three columns: {line}") };
        let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let items = items.split("[`").skip(1).filter_map(|rest| rest.split_once("`]")).map(|(item, _)| item.to_owned());
        rows.push(Row { names: code(names), items: items.collect(), remark: remark.to_owned() });
    }
    rows
}

#[test]
fn rows_are_read() {
    let text = "| name | ours | remark |\n|---|---|---|\n| `a`, `b` | [`c::D`], [`c::D::e`] | told |";
    let [row] = &rows(text)[..] else { panic!("one row") };
    assert_eq!(
        (row.names.join(" "), row.items.join(" "), row.remark.as_str()),
        ("a b".into(), "c::D c::D::e".into(), "told")
    );
}
