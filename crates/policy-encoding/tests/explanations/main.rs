//! Explanations of real-looking grants, kept in `docs/explanations`.
//!
//! `UPDATE_EXPLANATIONS=1 cargo test -p policy-encoding --test explanations` writes them anew.

mod grants;

use std::path::Path;

use policy_encoding::{Explainer, Severity};
use session_types::abi::ModuleFunction as _;
use session_types::{Deployment, Session};

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/explanations").join(name).with_extension("txt")
}

fn text(grant: &grants::Grant) -> String {
    let glossary = grants::glossary();
    let explainer = Explainer::new(&grant.deployment, &glossary).on_chains([grant.chain]).of_account(grants::ACCOUNT);
    explainer.explain(&grant.session).to_string()
}

#[test]
fn explanations_read_as_kept() {
    let update = std::env::var_os("UPDATE_EXPLANATIONS").is_some();
    let mut different = Vec::new();
    for grant in grants::all() {
        let (path, text) = (path(grant.name), text(&grant));
        if update {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        if kept != text {
            different.push(format!("{}:\n{text}", path.display()));
        }
    }
    assert!(different.is_empty(), "explanations differ from what is kept:\n{}", different.join("\n"));
}

#[test]
fn nothing_is_kept_without_a_grant() {
    let names: Vec<_> = grants::all().into_iter().map(|grant| format!("{}.txt", grant.name)).collect();
    for entry in std::fs::read_dir(path("any").parent().unwrap()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name) || name == "README.md", "{name} belongs to no grant");
    }
}

#[test]
fn grants_are_as_dangerous_as_they_look() {
    let glossary = grants::glossary();
    for grant in grants::all() {
        let explainer = Explainer::new(&grant.deployment, &glossary).of_account(grants::ACCOUNT);
        let worst = explainer.explain(&grant.session).worst();
        assert_eq!(worst, grant.worst, "{}", grant.name);
        // What can be built by the typed interface is a session that the module accepts.
        if worst < Some(Severity::Danger) {
            assert!(Session::try_from_abi(grant.session.clone(), &grant.deployment).is_ok(), "{}", grant.name);
        }
    }
}

#[test]
fn the_same_bytes_read_the_same() {
    for grant in grants::all() {
        let calldata = session_types::abi::enable_sessions_calldata(std::slice::from_ref(&grant.session));
        let decoded = session_types::abi::EnableSessions::decode(&calldata).unwrap();
        let again = grants::Grant { session: decoded.sessions[0].clone(), ..grant.clone() };
        assert_eq!(text(&again), text(&grant));
        let glossary = grants::glossary();
        let explainer = Explainer::new(&grant.deployment, &glossary);
        let from_bytes = explainer.explain_enable_call(&calldata).unwrap();
        assert_eq!(from_bytes, [explainer.explain(&grant.session)]);
    }
    assert_ne!(Deployment::legacy(), Deployment::current());
}
