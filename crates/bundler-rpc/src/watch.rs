//! Waiting for whichever comes first of several operations at several bundlers.

use std::sync::Arc;

use alloy_primitives::B256;
use futures_util::future::select_all;
use tokio::sync::watch;

use crate::poller::News;
use crate::{BundlerClient, BundlerError, UserOperationReceipt};

/// The news of every operation from every bundler.
pub(crate) struct Watch<'a> {
    clients: &'a [BundlerClient],
    hashes: Vec<B256>,
    /// One for each bundler and hash, all hashes of the first bundler first.
    news: Vec<watch::Receiver<News>>,
}

/// What all the news together come to.
#[derive(Default)]
pub(crate) struct Sight {
    pub(crate) receipt: Option<Arc<UserOperationReceipt>>,
    /// Set when no bundler serves receipts.
    pub(crate) refusal: Option<BundlerError>,
    /// Set when every bundler has given every operation up.
    pub(crate) dropped: Option<BundlerError>,
    /// The last failure of any bundler.
    pub(crate) failure: Option<BundlerError>,
    /// How many answers without a receipt there are at least for each operation, from the bundler with the most.
    pub(crate) misses: u32,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(clients: &'a [BundlerClient], hashes: Vec<B256>) -> Self {
        let news = clients.iter().flat_map(|client| hashes.iter().map(|hash| client.poller().watch(*hash))).collect();
        Self { clients, hashes, news }
    }

    pub(crate) fn look(&mut self) -> Sight {
        let mut sight = Sight::default();
        let (mut refusals, mut dropped) = (0, 0);
        let mut misses = vec![0; self.hashes.len()];
        for (index, news) in self.news.iter_mut().enumerate() {
            let place = index % self.hashes.len().max(1);
            let news = news.borrow_and_update();
            if let Some(receipt) = &news.receipt {
                sight.receipt = Some(Arc::clone(receipt));
                return sight;
            }
            if let Some(error) = news.refusal() {
                refusals += 1;
                sight.refusal = Some(error.clone());
            }
            if let Some(reason) = &news.dropped {
                dropped += 1;
                sight.dropped = Some(BundlerError::Dropped { hash: self.hashes[place], reason: reason.clone() });
            }
            if let Some(failure) = &news.failure {
                sight.failure = Some(failure.clone());
            }
            misses[place] = misses[place].max(news.misses);
        }
        sight.misses = misses.into_iter().min().unwrap_or(0);
        sight.refusal = sight.refusal.filter(|_| refusals == self.news.len());
        sight.dropped = sight.dropped.filter(|_| dropped == self.news.len());
        sight
    }

    /// Waits until there are news.
    pub(crate) async fn changed(&mut self) {
        let (result, index, _) = select_all(self.news.iter_mut().map(|news| Box::pin(news.changed()))).await;
        if result.is_err() {
            // The loop went away with its runtime, or without a receipt: it is started anew.
            let client = &self.clients[index / self.hashes.len().max(1)];
            self.news[index] = client.poller().watch(self.hashes[index % self.hashes.len().max(1)]);
        }
    }
}
