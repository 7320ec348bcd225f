//! The tutorial, step by step.

use alloy_primitives::{U256, utils::format_ether};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context as _, ensure};
use smart_sessions::session::EnableMode;
use smart_sessions::userop::account::Account as _;
use smart_sessions::{Grant, Installation, Owner};

use crate::arguments::{Arguments, LimitName};
use crate::chain::Ground;
use crate::counter::Counter;
use crate::report::{Evidence, Report};
use crate::sessions::{LARGEST, SessionMaker};
use crate::user_process::User;

/// What the account needs to pay for the demo's operations, in wei.
const ENOUGH: U256 = U256::from_limbs([20_000_000_000_000_000, 0, 0, 0]);

/// Runs the tutorial and tells whether every step did what it must.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let report = Report::new(arguments.json);
    if arguments.rpc_url.is_none() {
        report.say("Starting a local chain with a bundler (the first time, this installs them below target/) ...");
    }
    let ground = Ground::prepare(arguments).await?;
    let chain_id = ground.chain.chain_id();
    report.say(format_args!(
        "Chain {chain_id}, {} session contracts, node {}, bundler {}\n",
        arguments.generation.name(),
        ground.rpc_url,
        ground.bundler_url,
    ));
    let folder = tempfile::tempdir().context("cannot make a folder for stored sessions")?;
    let key = PrivateKeySigner::random();
    let user = User { ground: &ground, generation: arguments.generation, folder: folder.path().into(), key: &key };
    let mut tutorial = Tutorial {
        owner: Owner::nexus(ground.chain.clone(), ground.account.clone(), ground.owner.clone()),
        counter: Counter::on(&ground),
        without: arguments.without,
        user,
        report,
    };
    let complete = tutorial.run().await.is_some();
    Ok(tutorial.report.finish(chain_id, complete))
}

struct Tutorial<'a> {
    owner: Owner<smart_sessions::userop::account::Nexus, PrivateKeySigner>,
    counter: Counter,
    user: User<'a>,
    without: Option<LimitName>,
    report: Report,
}

impl Tutorial<'_> {
    /// Runs everything; `None` when a step failed that the later ones need.
    async fn run(&mut self) -> Option<()> {
        self.prepare_account().await?;
        let sudo = self.simple_session().await?;
        self.limited_session().await?;
        self.enabled_by_first_use(EnableMode::Enable, "enable-mode").await?;
        self.enabled_by_first_use(EnableMode::UnsafeEnable, "unsafe-enable-mode").await?;
        self.revocation(&sudo).await
    }

    async fn prepare_account(&mut self) -> Option<()> {
        let Self { owner, counter, user, report, .. } = self;
        let account = owner.account().address();
        report
            .step("owner's account", async {
                if let Some(devnet) = &user.ground.devnet {
                    devnet.chain().fund(account, U256::from(10).pow(U256::from(18))).await?;
                }
                let balance = owner.chain().node().balance(account).await?;
                ensure!(
                    balance >= ENOUGH,
                    "{account} has {} of the native coin (remedy: send it {})",
                    format_ether(balance),
                    format_ether(ENOUGH),
                );
                Ok(((), Evidence::new(format!("{account}, {} native", format_ether(balance)))))
            })
            .await?;
        report
            .step("install the session module", async {
                match owner.install_session_module().await? {
                    Installation::Installed(receipt) => {
                        let evidence = Evidence::new("account deployed and module installed by one operation");
                        Ok(((), evidence.operation(receipt.user_op_hash, Some(receipt.actual_gas_used))))
                    }
                    Installation::AlreadyInstalled => Ok(((), Evidence::new("was installed before"))),
                }
            })
            .await?;
        report
            .step("install it again", async {
                match owner.install_session_module().await? {
                    Installation::AlreadyInstalled => Ok(((), Evidence::new("already installed: nothing sent"))),
                    Installation::Installed(_) => anyhow::bail!("it was installed twice"),
                }
            })
            .await;
        if owner.chain().node().code(counter.0).await.is_ok_and(|code| !code.is_empty()) {
            return Some(());
        }
        report
            .step("deploy the counter", async {
                let receipt = owner.send(&[Counter::deployment()]).await?;
                let evidence = Evidence::new(format!("counter at {}", counter.0));
                Ok(((), evidence.operation(receipt.user_op_hash, Some(receipt.actual_gas_used))))
            })
            .await
    }

    /// The tutorial's own session: one function, no rules.
    async fn simple_session(&mut self) -> Option<Grant> {
        let session = self.maker().sudo();
        let grant = self.grant("counter", "grant: incrementNumber() without rules", session).await?;
        let (counter, stranger) = (self.counter.0, PrivateKeySigner::random());
        self.count("use: incrementNumber() by the user's process", "counter").await?;

        let Self { user, report, .. } = self;
        report
            .step("refused: another function", async {
                let call = (counter, Counter::decrement());
                Ok(((), user.must_be_refused("counter", user.key, call, "actions").await?))
            })
            .await;
        report
            .step("refused: another contract", async {
                let call = (session_contracts::address::TOKEN, Counter::increment());
                Ok(((), user.must_be_refused("counter", user.key, call, "actions").await?))
            })
            .await;
        report
            .step("refused: another key", async {
                let call = (counter, Counter::increment());
                Ok(((), user.must_be_refused("counter", &stranger, call, "session key").await?))
            })
            .await;
        Some(grant)
    }

    /// A session with three limits, each of which must hold.
    async fn limited_session(&mut self) -> Option<()> {
        let now = self.user.ground.chain.node().latest_block().await.ok()?.timestamp?;
        let session = self.maker().limited((now.saturating_sub(60), now + 3600));
        let title = format!("grant: setNumber(n) twice, n up to {LARGEST}, within an hour");
        self.grant("limited", &title, session).await?;
        let (target, node) = (self.counter.0, self.user.ground.chain.node().clone());
        let account = self.owner.account().address();

        let Self { user, report, counter, .. } = self;
        report
            .step("not sent: a number above the limit", async {
                Ok(((), user.must_not_be_sent("limited", (target, Counter::set(LARGEST + 1))).await?))
            })
            .await;
        report
            .step("refused: a number above the limit", async {
                let call = (target, Counter::set(LARGEST + 1));
                Ok(((), user.must_be_refused("limited", user.key, call, "universal action").await?))
            })
            .await;
        for number in [7, LARGEST] {
            report
                .step(&format!("use: setNumber({number})"), async {
                    let mut evidence = user.must_use("limited", (target, Counter::set(number))).await?;
                    let seen = counter.number(&node, account).await?;
                    ensure!(seen == U256::from(number), "the counter is {seen}, expected {number}");
                    evidence.result = format!("the counter is {seen}");
                    Ok(((), evidence))
                })
                .await?;
        }
        report
            .step("refused: a third use", async {
                let call = (target, Counter::set(1));
                Ok(((), user.must_be_refused("limited", user.key, call, "usage limit").await?))
            })
            .await;

        let session = self.maker().limited((now.saturating_sub(7200), now.saturating_sub(3600)));
        self.grant("expired", "grant: the same for a window that is over", session).await?;
        let Self { user, report, .. } = self;
        report
            .step("refused: after the window", async {
                let call = (target, Counter::set(1));
                Ok(((), user.must_be_refused("expired", user.key, call, "time window").await?))
            })
            .await;
        Some(())
    }

    /// The owner signs, nothing is sent; the user's first operation enables the session.
    async fn enabled_by_first_use(&mut self, mode: EnableMode, name: &'static str) -> Option<()> {
        let session = self.maker().sudo();
        let Self { owner, user, report, .. } = self;
        report
            .step(&format!("sign a grant for {name}"), async {
                let grant = owner.sign_grant(&session?, mode).await?;
                let text = user.store(name, &grant)?;
                Ok(((), Evidence::new(format!("signed, {} bytes of text stored, nothing sent", text.len()))))
            })
            .await?;
        self.count(&format!("{name}: enabled and used by one operation"), name).await?;
        self.count(&format!("{name}: used again"), name).await
    }

    async fn revocation(&mut self, grant: &Grant) -> Option<()> {
        let Self { owner, user, report, counter, .. } = self;
        let target = counter.0;
        report
            .step("revoke the first session", async {
                let receipt = owner.revoke(grant.permission_id).await?;
                let evidence = Evidence::new(format!("permission {} removed", grant.permission_id));
                Ok((
                    (),
                    match receipt {
                        Some(receipt) => evidence.operation(receipt.user_op_hash, Some(receipt.actual_gas_used)),
                        None => evidence,
                    },
                ))
            })
            .await?;
        report
            .step("refused: a revoked session", async {
                let call = (target, Counter::increment());
                Ok(((), user.must_be_refused("counter", user.key, call, "permission").await?))
            })
            .await;
        Some(())
    }

    /// Grants by an operation and hands the stored text to the user.
    async fn grant(
        &mut self,
        name: &'static str,
        title: &str,
        session: anyhow::Result<smart_sessions::session::Session>,
    ) -> Option<Grant> {
        let Self { owner, user, report, .. } = self;
        report
            .step(title, async {
                let (grant, receipt) = owner.grant(&session?).await?;
                let text = user.store(name, &grant)?;
                let evidence =
                    Evidence::new(format!("permission {}, {} bytes stored", grant.permission_id, text.len()));
                Ok((grant, evidence.operation(receipt.user_op_hash, Some(receipt.actual_gas_used))))
            })
            .await
    }

    /// The user increments the counter, which must then be one higher.
    async fn count(&mut self, title: &str, session: &'static str) -> Option<()> {
        let (node, account) = (self.user.ground.chain.node().clone(), self.owner.account().address());
        let Self { user, report, counter, .. } = self;
        report
            .step(title, async {
                let before = counter.number(&node, account).await?;
                let mut evidence = user.must_use(session, (counter.0, Counter::increment())).await?;
                let after = counter.number(&node, account).await?;
                ensure!(after == before + U256::ONE, "the counter went from {before} to {after}");
                evidence.result = format!("the counter went from {before} to {after}");
                Ok(((), evidence))
            })
            .await
    }

    const fn maker(&self) -> SessionMaker<'_> {
        SessionMaker {
            deployment: self.user.ground.chain.deployment(),
            key: self.user.key,
            counter: self.counter,
            without: self.without,
        }
    }
}
