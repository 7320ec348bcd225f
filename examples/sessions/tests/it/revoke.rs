use alloy_primitives::{Address, B256, Bytes, U256};
use smart_sessions::policy::{KnownPolicy as _, UsageLimit};
use smart_sessions::session::{ActionData, ActionTarget, Deployment, EnableMode, Owners, Session, SessionValidator};
use smart_sessions::userop::Call;
use smart_sessions::userop::account::nexus::{AddressRule, NexusDeployment, NexusInit, ProxyCode, SingleValidatorInit};
use smart_sessions::userop::account::{Account as _, Nexus};
use smart_sessions::{Chain, Grant, Owner, SessionClient};
use testkit::{Devnet, Key};

use super::*;

const COUNTER: Address = alloy_primitives::address!("000000000000000000000000000000C0de000001");
/// `incrementNumber()`.
const INCREMENT: [u8; 4] = [0x27, 0x3e, 0xa3, 0xe3];

struct Scene {
    devnet: Devnet,
    chain: Chain,
    owner: Owner<Nexus, alloy_signer_local::PrivateKeySigner>,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn prepare() -> Self {
        let devnet = Devnet::start().await.unwrap();
        let (node, bundler) = (devnet.rpc_url().to_string(), devnet.bundler_url().to_string());
        let chain = Chain::http(&node, &bundler, Deployment::current()).await.unwrap();
        let local = devnet.nexus();
        let deployment = NexusDeployment {
            factory: local.factory,
            bootstrap: local.bootstrap,
            implementation: local.implementation,
            rule: AddressRule::NexusProxy,
            ..NexusDeployment::LEGACY_A
        };
        let signer = Key::Owner.signer();
        let init = SingleValidatorInit::new(deployment.owner_validator, signer.address().to_vec());
        let proxy = ProxyCode::new(local.proxy_creation_code.clone());
        let account =
            Nexus::counterfactual(deployment, &NexusInit::SingleValidator(init), U256::ZERO, Some(&proxy)).unwrap();
        devnet.chain().fund(account.address(), U256::from(10).pow(U256::from(19))).await.unwrap();
        let owner = Owner::nexus(chain.clone(), account, signer.clone());
        owner.install_session_module().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), format!("0x{}\n", alloy_primitives::hex::encode(signer.to_bytes())))
            .unwrap();
        Self { devnet, chain, owner, folder }
    }

    fn session(&self) -> Session {
        let deployment = self.chain.deployment();
        let validator = SessionValidator::owners(deployment, &Owners::single(Key::Session.signer().address()).unwrap());
        let target = ActionTarget::Exact { target: COUNTER, selector: INCREMENT.into() };
        let twice = UsageLimit::new(2).unwrap().on(&deployment.policies).unwrap();
        let action = ActionData::new(target, [twice]);
        Session::builder(validator, B256::random()).action(action).build(deployment).unwrap()
    }

    fn store(&self, name: &str, grant: &Grant) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, grant.to_text()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The exit code and the document.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = run_with(&[arguments, &["--json"]].concat(), "");
        (output.status.code(), json_of(&output))
    }

    fn with_key<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let of_folder = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned().leak() as &str;
        let chain = ["--rpc-url", self.devnet.rpc_url().as_str(), "--bundler-url", self.devnet.bundler_url().as_str()];
        [&["revoke"], arguments, &chain, &["--owner-key-file", of_folder("key")]].concat()
    }
}

fn outcomes(document: &Value) -> Vec<(String, String)> {
    let steps =
        document["accounts"].as_array().unwrap().iter().flat_map(|account| account["steps"].as_array().unwrap());
    steps
        .map(|step| (step["step"].as_str().unwrap().to_owned(), step["outcome"].as_str().unwrap().to_owned()))
        .collect()
}

fn so(steps: &[(&str, &str)]) -> Vec<(String, String)> {
    steps.iter().map(|(step, outcome)| ((*step).to_owned(), (*outcome).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_and_taking_it_back() {
    let scene = Scene::prepare().await;
    let (used, _) = scene.owner.grant(&scene.session()).await.unwrap();
    let account = Nexus::at(scene.owner.account().deployment().clone(), used.account);
    let client = SessionClient::new(scene.chain.clone(), account, used.clone(), Key::Session.signer()).unwrap();
    client.use_permission(&[Call::new(COUNTER, Bytes::from(INCREMENT))]).await.unwrap();
    let carried = scene.owner.sign_grant(&scene.session(), EnableMode::UnsafeEnable).await.unwrap();
    let elsewhere = Grant { chain_id: 10, ..used.clone() };
    let [used_file, carried_file, elsewhere_file] = [("used", &used), ("carried", &carried), ("elsewhere", &elsewhere)]
        .map(|(name, grant)| scene.store(name, grant));
    let url = scene.devnet.rpc_url().as_str();

    // What is left, of several grants; one is for a chain that is not connected.
    let (code, status) = scene.run(&["status", &used_file, &carried_file, "--rpc-url", url]);
    assert_eq!(code, Some(0), "{status:#}");
    let kinds: Vec<_> = status["grants"].as_array().unwrap().iter().map(|grant| &grant["kind"]).collect();
    assert_eq!(kinds, ["enabled", "not enabled"], "{status:#}");
    let left = &status["grants"][0]["remaining"][0];
    assert_eq!((&left["remaining"], &left["limit"], &left["unit"]), (&"1".into(), &"2".into(), &"uses".into()));
    assert_eq!(status["grants"][1]["signatureCanEnable"], true);
    let (code, status) = scene.run(&["status", &used_file, &elsewhere_file, "--rpc-url", url]);
    assert_eq!((code, &status["grants"][1]["kind"]), (Some(4), &"failed".into()), "{status:#}");
    // A node that is away keeps nothing back.
    let (code, status) = scene.run(&["status", &used_file, "--rpc-url", "http://127.0.0.1:1/", "--rpc-url", url]);
    assert_eq!((code, &status["grants"][0]["kind"]), (Some(4), &"enabled".into()), "{status:#}");
    assert_eq!(status["failedNodes"][0]["rpcUrl"], 1, "{status:#}");
    let plain = text(&run_with(&["status", &used_file, "--rpc-url", url], "").stdout);
    assert!(plain.contains("1 of 2 uses left (usage limit policy, for 0x273ea3e3 of "), "{plain}");

    // Nobody is there to be asked, and without a key there are calls.
    let (code, refused) = scene.run(&scene.with_key(&[&used_file]));
    assert_eq!((code, refused["remedy"].as_str().map(|text| text.contains("--yes"))), (Some(2), Some(true)));
    let (code, calls) = scene.run(&["revoke", &used_file, &carried_file]);
    assert_eq!((code, calls["accounts"][0]["calls"].as_array().map(Vec::len)), (Some(0), Some(3)), "{calls:#}");
    assert_eq!(calls["notes"], serde_json::json!(["signatures-stay"]), "{calls:#}");

    // Carried out, and again.
    let arguments = scene.with_key(&[&used_file, &carried_file, "--yes"]);
    let (code, done) = scene.run(&arguments);
    assert_eq!((code, &done["kind"]), (Some(0), &"revoked".into()), "{done:#}");
    let steps = [("remove-session", "done"), ("remove-session", "already-so"), ("cancel-signatures", "done")];
    assert_eq!(outcomes(&done), so(&steps));
    assert_eq!((&done["accounts"][0]["accountKind"], &done["accounts"][0]["sent"]), (&"nexus".into(), &true.into()));
    let (_, again) = scene.run(&arguments);
    assert!(outcomes(&again).iter().all(|(_, outcome)| outcome == "already-so"), "{again:#}");
    assert_eq!(again["accounts"][0]["sent"], false);
    assert!(!scene.chain.is_enabled(used.permission_id, used.account).await.unwrap());
    assert_eq!(scene.chain.status(&carried).await.unwrap().can_enable, Some(false));

    single_actions_and_other_keys(&scene).await;
}

async fn single_actions_and_other_keys(scene: &Scene) {
    let session = scene.session();
    let (grant, _) = scene.owner.grant(&session).await.unwrap();
    let (id, account) = (grant.permission_id.to_string(), grant.account.to_string());
    let action = session.as_abi().actions[0].id().to_string();
    let named = ["--permission", &id, "--account", &account, "--generation", "current", "--yes"];
    let (code, done) = scene.run(&scene.with_key(&[&named[..], &["--action", &action]].concat()));
    assert_eq!((code, outcomes(&done)), (Some(0), so(&[("disable-action", "done")])), "{done:#}");

    // Everything that the chain lists: as calls, and carried out.
    let all = ["--all", "--account", &account];
    let url = scene.devnet.rpc_url().as_str();
    let (code, calls) = scene.run(&[&["revoke"], &all[..], &["--rpc-url", url]].concat());
    let listed = scene.chain.sessions(grant.account, []).await.unwrap().len();
    assert_eq!(
        (code, calls["accounts"][0]["calls"].as_array().map(Vec::len)),
        (Some(0), Some(2 * listed)),
        "{calls:#}"
    );
    let (code, done) = scene.run(&scene.with_key(&[&all[..], &["--yes"]].concat()));
    assert_eq!((code, outcomes(&done).len()), (Some(0), 2 * listed), "{done:#}");
    assert!(scene.chain.sessions(grant.account, []).await.unwrap().is_empty());
    let (code, again) = scene.run(&scene.with_key(&[&all[..], &["--yes"]].concat()));
    assert_eq!((code, again["accounts"].as_array().map(Vec::len)), (Some(0), Some(0)), "{again:#}");
    scene.owner.grant(&session).await.unwrap();

    // A key that is not the owner's: the chain refuses, and nothing has changed.
    std::fs::write(scene.folder.path().join("key"), format!("0x{}", "11".repeat(32))).unwrap();
    let (code, refused) = scene.run(&scene.with_key(&named));
    assert_eq!((code, &refused["kind"]), (Some(1), &"partly revoked".into()), "{refused:#}");
    assert!(outcomes(&refused).iter().all(|(_, outcome)| outcome == "failed"), "{refused:#}");
    assert!(scene.chain.is_enabled(grant.permission_id, grant.account).await.unwrap());

    // What is no key is refused without showing it.
    std::fs::write(scene.folder.path().join("key"), "correct horse battery staple").unwrap();
    let output = run_with(&scene.with_key(&named), "");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!format!("{output:?}").contains("horse"));
}
