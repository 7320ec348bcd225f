//! The packages, installed by the lock file.

use alloy_primitives::{Address, address, hex, keccak256};
use testkit::EntryPoint;
use testkit::npm::Packages;

const DEPLOYER: Address = address!("0x4e59b44847b379578588920ca78fbf26c0b4956c");

#[test]
fn installing_at_the_same_time_gives_one_installation() {
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(Packages::installed)).collect();
    let found: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(found[0].anvil().is_file());
}

#[test]
fn entry_points_have_the_code_of_their_published_addresses() {
    let packages = Packages::installed().unwrap();
    for version in EntryPoint::ALL {
        let code = packages.entry_point_creation_code(version).unwrap();
        assert_eq!(DEPLOYER.create2(version.salt(), keccak256(code)), version.address(), "{version:?}");
    }
}

#[test]
fn accounts_have_their_code() {
    let packages = Packages::installed().unwrap();
    let nexus = packages.nexus().unwrap();
    let name = hex::encode("biconomy.nexus.1.0.0");
    assert!(hex::encode(&nexus.implementation).contains(&name));
    assert!([&nexus.factory, &nexus.bootstrap, &nexus.proxy].iter().all(|code| code.len() > 500));
    assert!(packages.kernel().unwrap().implementation.len() > 10_000);
    assert!(packages.safe().unwrap().adapter.len() > 10_000);
}
