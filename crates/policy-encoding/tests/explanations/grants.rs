use alloy_primitives::{Address, B256, Bytes, Selector, U256, address, b256, fixed_bytes};
use alloy_sol_types::sol;
use policy_encoding::explain::{Glossary, Severity, Token};
use policy_encoding::legacy::{LegacyAction, LegacyRequest};
use policy_encoding::permission::{Permission, PermissionBuilder as _, at_least, at_most, call_rule, equal_to};
use policy_encoding::{
    ArgPolicy, ContractWhitelist, Expr, KnownPolicy as _, SimpleGas, SpendingLimits, Sudo, TimeFrame, TokenLimit,
    UsageLimit,
};
use session_types::{
    ActionData, ActionTarget, Deployment, Erc7739Context, Owners, PolicyData, Session, SessionBuilder,
    SessionValidator, abi,
};

pub(crate) const ACCOUNT: Address = address!("5A1Cb0b9B3E1C3cB40C2d4b2aC8dD6b5c4A7e913");
const KEY: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
const WETH: Address = address!("4200000000000000000000000000000000000006");
const ROUTER: Address = address!("2626664c2603336E57B271c5C0b26F421741e481");
const ALICE: Address = address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
const BOB: Address = address!("90F79bf6EB2c4f870365E785982E1f101E93b906");
const CAROL: Address = address!("15d34AAf54267DB7D7c367839AAf71A00a2C6A65");
const SHOP: Address = address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc");
const GAME: Address = address!("976EA74026E726554dB657fA54763abd0C3a0aa9");
const VAULT: Address = address!("14dC79964da2C08b23698B3D3cc7Ca32193d9955");
const MARKET: Address = address!("23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f");
const ART: Address = address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720");

/// 2026-07-01 00:00:00 UTC.
const JULY: u64 = 1_782_864_000;
const DAY: u64 = 86_400;

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
    function setApprovalForAll(address operator, bool approved) external;
    function move(uint256 gameId, uint8 piece, uint8 square) external;
    function harvest() external;
    function buy(uint256 tokenId) external payable;

    struct Swap {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }
    function exactInputSingle(Swap params) external payable returns (uint256 amountOut);
}

const SWAP: &str = "exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 amountIn, \
                    uint256 amountOutMinimum, uint160 sqrtPriceLimitX96) params)";

#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) name: &'static str,
    pub(crate) chain: u64,
    pub(crate) deployment: Deployment,
    pub(crate) session: abi::Session,
    /// The worst that is to be found in it.
    pub(crate) worst: Option<Severity>,
}

pub(crate) fn glossary() -> Glossary {
    let usdc = Token::new("USDC", 6);
    Glossary::new()
        .token(USDC, usdc.clone())
        .token(WETH, Token::new("WETH", 18))
        .name(ROUTER, "Swap Router")
        .name(ALICE, "Alice")
        .name(BOB, "Bob")
        .name(CAROL, "Carol")
        .name(SHOP, "Corner Shop")
        .name(GAME, "Chess Club")
        .name(VAULT, "Yield Vault")
        .name(MARKET, "Art Market")
        .name(ART, "Cat Pictures")
        .name(ACCOUNT, "Family Savings")
        .function(SWAP)
        .unwrap()
        .function("move(uint256 gameId, uint8 piece, uint8 square)")
        .unwrap()
        .function("harvest()")
        .unwrap()
        .function("buy(uint256 tokenId)")
        .unwrap()
        .amount(ROUTER, &SWAP.parse().unwrap(), "params.amountIn", usdc)
        .unwrap()
        .amount(ROUTER, &SWAP.parse().unwrap(), "params.amountOutMinimum", Token::new("WETH", 18))
        .unwrap()
}

fn builder() -> SessionBuilder {
    let validator = SessionValidator::owners(&Deployment::current(), &Owners::single(KEY).unwrap());
    Session::builder(validator, b256!("c0ffee0000000000000000000000000000000000000000000000000000000001"))
}

fn grant(name: &'static str, session: SessionBuilder, worst: Option<Severity>) -> Grant {
    let deployment = Deployment::current();
    Grant { name, chain: 8453, deployment, session: session.build(&deployment).unwrap().into_abi(), worst }
}

fn units(whole: u64, decimals: u8) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(decimals))
}

pub(crate) fn all() -> Vec<Grant> {
    vec![
        swap_bot(),
        payroll(),
        game(),
        subscription(),
        keeper(),
        collector(),
        pocket_money(),
        trading_desk(),
        full_control(),
        signing_app(),
        stranger(),
        old_tutorial(),
    ]
}

fn swap_bot() -> Grant {
    let set = Deployment::current().policies;
    let budget = units(1000, 6);
    let approve = Permission::call::<approveCall>(USDC)
        .rule(|call| &mut call.spender, equal_to(ROUTER))
        .rule(|call| &mut call.amount, at_most(budget).total(budget))
        .on(&set);
    let swap = Permission::call::<exactInputSingleCall>(ROUTER)
        .rule(|call| &mut call.params.tokenIn, equal_to(USDC))
        .rule(|call| &mut call.params.tokenOut, equal_to(WETH))
        .rule(|call| &mut call.params.recipient, equal_to(ACCOUNT))
        .rule(|call| &mut call.params.amountIn, at_most(units(100, 6)).total(budget))
        .rule(|call| &mut call.params.amountOutMinimum, at_least(U256::from(20_000_000_000_000_000_u64)))
        .on(&set);
    let month = TimeFrame::new(JULY, JULY + 30 * DAY).unwrap();
    let session = builder().actions([approve.unwrap(), swap.unwrap()]).user_op_policy(month.on(&set).unwrap());
    grant("swap-bot", session, None)
}

fn payroll() -> Grant {
    let set = Deployment::current().policies;
    let pay = |who: Address, most: u64| {
        let to = call_rule(|call: &mut transferCall| &mut call.to, equal_to(who)).unwrap();
        let amount = at_most(units(most, 6)).total(units(most * 12, 6));
        Expr::from(to).and(call_rule(|call: &mut transferCall| &mut call.amount, amount).unwrap())
    };
    let staff = ArgPolicy::new(pay(ALICE, 5200).or(pay(BOB, 4800)).or(pay(CAROL, 6100))).unwrap();
    let pay = Permission::call::<transferCall>(USDC).policy(staff).uses(36).on(&set).unwrap();
    let year = TimeFrame::new(JULY, JULY + 365 * DAY).unwrap();
    grant("payroll", builder().action(pay).user_op_policy(year.on(&set).unwrap()), None)
}

fn game() -> Grant {
    let set = Deployment::current().policies;
    let play = Permission::call::<moveCall>(GAME)
        .rule(|call| &mut call.gameId, equal_to(U256::from(4711)))
        .rule(|call| &mut call.square, at_most(63_u8))
        .uses(200)
        .until(JULY + DAY)
        .on(&set)
        .unwrap();
    grant("game", builder().action(play), None)
}

fn subscription() -> Grant {
    let set = Deployment::current().policies;
    let price = U256::from(9_990_000);
    let pay = Permission::call::<transferCall>(USDC)
        .rule(|call| &mut call.to, equal_to(SHOP))
        .rule(|call| &mut call.amount, equal_to(price))
        .uses(12)
        .not_before(JULY)
        .until(JULY + 365 * DAY)
        .on(&set)
        .unwrap();
    grant("subscription", builder().action(pay), None)
}

fn keeper() -> Grant {
    let set = Deployment::current().policies;
    let harvest = Permission::call::<harvestCall>(VAULT).uses(365).until(JULY + 365 * DAY);
    let gas = SimpleGas::new(200_000_000, 20_000_000_000_000_000).unwrap();
    let session = builder().action(harvest.on(&set).unwrap()).user_op_policy(gas.on(&set).unwrap()).permit_paymaster();
    grant("vault-keeper", session, Some(Severity::Note))
}

fn collector() -> Grant {
    let set = Deployment::current().policies;
    let buy = Permission::call::<buyCall>(ART)
        .rule(|call| &mut call.tokenId, at_most(U256::from(9999)))
        .value_per_call(U256::from(50_000_000_000_000_000_u64))
        .value_total(U256::from(200_000_000_000_000_000_u64))
        .until(JULY + 7 * DAY)
        .on(&set)
        .unwrap();
    let list = Permission::call::<setApprovalForAllCall>(ART)
        .rule(|call| &mut call.operator, equal_to(MARKET))
        .until(JULY + 7 * DAY)
        .on(&set)
        .unwrap();
    grant("art-collector", builder().actions([buy, list]), None)
}

fn pocket_money() -> Grant {
    let set = Deployment::current().policies;
    let limits = SpendingLimits::new([TokenLimit::new(USDC, units(50, 6))]).unwrap();
    let spend = Permission::call::<transferCall>(USDC).policy(limits).on(&set).unwrap();
    let send = Permission::send_value(ALICE).value_total(U256::from(10_000_000_000_000_000_u64)).on(&set).unwrap();
    grant("pocket-money", builder().actions([spend, send]), Some(Severity::Warning))
}

fn trading_desk() -> Grant {
    let set = Deployment::current().policies;
    let desk = ContractWhitelist::new([ROUTER, USDC, WETH]).unwrap();
    let anything = ActionData::new(ActionTarget::GenericFallback, [desk.on(&set).unwrap()]);
    let approve = Permission::call::<approveCall>(USDC)
        .rule(|call| &mut call.amount, at_most(U256::MAX))
        .until(JULY + DAY)
        .on(&set)
        .unwrap();
    let twice = UsageLimit::new(1000).unwrap();
    let session = builder().actions([anything, approve]).user_op_policy(twice.on(&set).unwrap());
    grant("trading-desk", session, Some(Severity::Danger))
}

fn full_control() -> Grant {
    let set = Deployment::current().policies;
    let anything = ActionData::new(ActionTarget::GenericFallback, [Sudo.on(&set).unwrap()]);
    let admin = ActionData::new(ActionTarget::AdminFallback, [Sudo.on(&set).unwrap()]);
    let session = builder().actions([anything, admin]).user_op_policy(Sudo.on(&set).unwrap()).permit_paymaster();
    grant("full-control", session, Some(Severity::Critical))
}

fn signing_app() -> Grant {
    let set = Deployment::current().policies;
    let until = TimeFrame::until(JULY + 30 * DAY).unwrap();
    let domain = b256!("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
    let orders = Erc7739Context::new(domain, ["Order(address maker,address token,uint256 amount)"]);
    let session = builder().permit_erc1271_signing([orders], [until.on(&set).unwrap()]);
    grant("signing-app", session, Some(Severity::Critical))
}

/// Everything in it that can be strange: an unknown policy and validator, settings that are refused, a policy of the
/// other deployment, a function without a name.
fn stranger() -> Grant {
    let set = Deployment::current().policies;
    let unknown = PolicyData::new(Address::repeat_byte(0x77), Bytes::from(vec![0xab; 40]));
    let old = UsageLimit::new(3).unwrap().on(&Deployment::legacy().policies).unwrap();
    let target = ActionTarget::Exact { target: VAULT, selector: fixed_bytes!("12345678") };
    let odd = ActionData::new(target, [unknown, old]);
    let refused = PolicyData::new(set.deployed(UsageLimit::KIND).unwrap().address, Bytes::from(vec![0; 16]));
    let never = ActionData::new(ActionTarget::Exact { target: VAULT, selector: Selector::ZERO }, [refused]);
    let validator = SessionValidator::custom(Address::repeat_byte(0x99), Bytes::from_static(&[1, 2, 3]));
    let session = Session::builder(validator, B256::ZERO).actions([odd, never]);
    grant("stranger", session, Some(Severity::Danger))
}

/// What a request with `rules: []` means: sudo.
fn old_tutorial() -> Grant {
    let deployment = Deployment::legacy();
    let counter = address!("14e4829E655F0b3a1793838dDd47273D5341d416");
    let request = LegacyRequest::new(KEY, B256::ZERO, vec![LegacyAction::new(counter, fixed_bytes!("273ea3e3"))]);
    let session = request.session(&deployment).unwrap().into_abi();
    Grant { name: "old-tutorial", chain: 84532, deployment, session, worst: Some(Severity::Danger) }
}
