//! Many grants on many chains.

use std::collections::BTreeMap;
use std::vec::Vec;

use futures_util::future::join_all;

use super::SessionStatus;
use crate::client::{ChainReader, Error, Grant};

/// What chains have of grants: one request for each chain, all at the same time.
///
/// The answers come in the order of the grants. A chain that does not answer takes the answers about its own grants away,
/// with [the reason](Error::Network), and no others; a grant whose chain is not among `chains` gets [`Error::NoChain`].
///
/// ```no_run
/// # async fn example(chains: Vec<smart_sessions::Chain>, grants: Vec<smart_sessions::Grant>) {
/// for (grant, status) in grants.iter().zip(smart_sessions::status_on(&chains, &grants).await) {
///     match status {
///         Ok(status) => {
///             for left in status.remaining() {
///                 println!("chain {}: {} ({})", grant.chain_id, left.budget, left.place);
///             }
///         }
///         Err(error) => println!("chain {}: {error}", grant.chain_id),
///     }
/// }
/// # }
/// ```
pub async fn status_on<R: Into<ChainReader>>(
    chains: impl IntoIterator<Item = R>,
    grants: &[Grant],
) -> Vec<Result<SessionStatus, Error>> {
    let readers: Vec<ChainReader> = chains.into_iter().map(Into::into).collect();
    let readers = &readers;
    let mut of_chain = BTreeMap::<u64, Vec<(usize, &Grant)>>::new();
    for (place, grant) in grants.iter().enumerate() {
        of_chain.entry(grant.chain_id).or_default().push((place, grant));
    }
    let questions = of_chain.into_iter().map(|(chain_id, grants)| async move {
        let (places, grants): (Vec<_>, Vec<_>) = grants.into_iter().unzip();
        let answers = match readers.iter().find(|reader| reader.chain_id() == chain_id) {
            Some(reader) => reader.status_of(&grants).await,
            None => Err(Error::NoChain { chain_id }),
        };
        let answers = answers.unwrap_or_else(|error| grants.iter().map(|_| Err(error.clone())).collect());
        places.into_iter().zip(answers).collect::<Vec<_>>()
    });
    let mut answers: Vec<_> = join_all(questions).await.into_iter().flatten().collect();
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
