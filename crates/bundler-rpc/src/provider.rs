use alloy_provider::{Network, Provider};
use alloy_rpc_client::{RpcClient, RpcClientInner};

use crate::{BundlerClient, NodeClient};

/// The clients of this crate over the connection of an alloy provider (feature `alloy-provider`): for endpoints that
/// serve node and bundler methods together.
///
/// The provider's own layers (fillers, caches, retries) are passed by.
pub trait BundlerProvider<N: Network>: Provider<N> {
    /// A bundler client over this provider's connection.
    fn bundler(&self) -> BundlerClient {
        BundlerClient::new(share(self))
    }

    /// A node client over this provider's connection.
    fn node_client(&self) -> NodeClient {
        NodeClient::new(share(self))
    }
}

impl<N: Network, P: Provider<N>> BundlerProvider<N> for P {}

/// Ids of requests from here on: on a shared socket they must not meet the provider's own, which count from zero.
const FIRST_ID: u64 = 1 << 40;

fn share<N: Network, P: Provider<N> + ?Sized>(provider: &P) -> RpcClient {
    let client = provider.client();
    RpcClient::from_inner(RpcClientInner::new(client.transport().clone(), client.is_local()).with_id(FIRST_ID))
}

#[cfg(test)]
mod tests {
    use alloy_provider::ProviderBuilder;
    use alloy_transport::mock::Asserter;

    use super::*;

    #[tokio::test]
    async fn speaks_over_the_providers_connection() {
        let asserter = Asserter::new();
        asserter.push_success(&"0x7a69");
        let provider = ProviderBuilder::new().connect_mocked_client(asserter);
        assert_eq!(provider.bundler().chain_id().await, Ok(31337));
    }
}
