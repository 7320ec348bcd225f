//! Connections to chains.

use futures_util::future::join_all;
use smart_sessions::Error;
use smart_sessions::bundler::{BundlerClient, BundlerError, NodeClient};

use crate::Failure;

/// Runs what needs a network.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::node(error, "try again"))?.block_on(work)
}

/// A node and its chain.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) chain_id: u64,
    pub(crate) client: NodeClient,
}

/// Asks nodes for their chains. Those that do not answer are told apart, by their place on the command line.
pub(crate) async fn nodes(urls: &[String]) -> Result<(Vec<Node>, Vec<(usize, Failure)>), Failure> {
    let mut clients = Vec::new();
    for url in urls {
        clients.push(
            NodeClient::http(url)
                .map_err(|error| Failure::input(error, "give the node's address as http://… or https://…"))?,
        );
    }
    let answers = join_all(clients.iter().map(NodeClient::chain_id)).await;
    let (mut nodes, mut failures) = (Vec::<Node>::new(), Vec::new());
    for (place, (client, answer)) in clients.into_iter().zip(answers).enumerate() {
        match answer {
            Ok(chain_id) if nodes.iter().any(|node| node.chain_id == chain_id) => {
                return Err(Failure::input(format!("two nodes of chain {chain_id}"), "give one node for each chain"));
            }
            Ok(chain_id) => nodes.push(Node { chain_id, client }),
            Err(error) => failures.push((place + 1, of_bundler(error))),
        }
    }
    Ok((nodes, failures))
}

/// Bundlers with their chains.
pub(crate) async fn bundlers(urls: &[String]) -> Result<Vec<(u64, BundlerClient)>, Failure> {
    let mut bundlers = Vec::new();
    for url in urls {
        let client = BundlerClient::http(url)
            .map_err(|error| Failure::input(error, "give the bundler's address as http://… or https://…"))?;
        bundlers.push((client.chain_id().await.map_err(of_bundler)?, client));
    }
    Ok(bundlers)
}

pub(crate) fn of_bundler(error: BundlerError) -> Failure {
    let remedy = error.remedy();
    Failure::node(error, remedy)
}

pub(crate) fn of_error(error: Error) -> Failure {
    match error {
        Error::Network(error) => of_bundler(*error),
        error @ Error::NoSessionModule { .. } => Failure::input(error, "see the remedy in the text"),
        error => Failure::node(error, "check the node's chain and the grant's"),
    }
}
