//! Sending an operation over loopback: against a bare alloy-rpc-client request and against a raw socket, in one run.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use alloy_primitives::{Address, B256, U256};
use bundler_rpc::userop::{EntryPoint, Paymaster, UserOperation};
use bundler_rpc::{BundlerClient, PartialOperation, SignedOperation, connect};
use futures_util::future::{join_all, try_join_all};

/// The operation of the measured anchors: 452 bytes of call data, 77 of paymaster data; 1.7 KB of JSON.
fn operation() -> SignedOperation {
    let operation = UserOperation::new(Address::repeat_byte(0x59), U256::from(7), vec![0xa5; 452])
        .with_paymaster(Paymaster::new(Address::repeat_byte(0x5a), vec![0x5a; 77]).with_gas(50_000, 20_000))
        .with_gas(200_000, 300_000, U256::from(60_000))
        .with_fees(2_000_000_000, 1_000_000_000)
        .with_signature(vec![0xff; 98]);
    SignedOperation::new(operation, EntryPoint::V0_7, 8453).expect("the operation is valid")
}

/// Answers every request on every connection with the same bytes, without allocating while it does.
fn serve(body: &str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), answer) = (stream, answer.clone()) else { continue };
            std::thread::spawn(move || answer_all(stream, answer.as_bytes()));
        }
    });
    address
}

fn answer_all(mut stream: TcpStream, answer: &[u8]) {
    let (mut buffer, mut filled) = (vec![0; 1 << 16], 0);
    let _ = stream.set_nodelay(true);
    while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]) {
        filled += read;
        while let Some(end) = request_end(&buffer[..filled]) {
            buffer.copy_within(end..filled, 0);
            filled -= end;
            if stream.write_all(answer).is_err() {
                return;
            }
        }
    }
}

/// Where the first request ends, when all of it is there.
fn request_end(bytes: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length: ";
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let start = bytes[..head].windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME))? + NAME.len();
    let digits = bytes[start..head].iter().take_while(|digit| digit.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    (bytes.len() >= head + length).then_some(head + length)
}

/// Prebuilt bytes over a socket that stays open; the answer is parsed.
fn raw(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) -> B256 {
    stream.write_all(request).expect("the server reads");
    let mut filled = 0;
    loop {
        filled += stream.read(&mut buffer[filled..]).expect("the server answers");
        if let Some(end) = request_end(&buffer[..filled]) {
            let body = buffer[..end].windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |head| head + 4);
            let answer: serde_json::Value = serde_json::from_slice(&buffer[body..end]).expect("JSON");
            return answer["result"].as_str().and_then(|hash| hash.parse().ok()).expect("a hash");
        }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let signed = operation();
    let address = serve(&format!(r#"{{"jsonrpc":"2.0","id":0,"result":"{}"}}"#, signed.hash()));
    let url = format!("http://{address}");
    let bundler = BundlerClient::http(&url).expect("a client");
    let rpc = connect(&url).expect("a client");
    let partial = PartialOperation::from(signed.operation());
    let entry_point = signed.entry_point();

    let body = format!(r#"{{"method":"eth_sendUserOperation","params":{},"id":0,"jsonrpc":"2.0"}}"#, signed.params());
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut socket = TcpStream::connect(address).expect("the server listens");
    socket.set_nodelay(true).expect("a socket");
    let mut buffer = vec![0; 1 << 16];
    let bare = || -> B256 {
        let params = (partial.wire(entry_point.version), entry_point.address);
        runtime.block_on(async { rpc.request("eth_sendUserOperation", params).await }).expect("an answer")
    };
    let ours = || runtime.block_on(bundler.send(black_box(&signed))).expect("an answer");
    assert_eq!(
        (raw(&mut socket, request.as_bytes(), &mut buffer), bare(), ours()),
        (signed.hash(), signed.hash(), signed.hash())
    );

    let mut suite = measure::suite!("bundler-rpc");
    suite
        .operation("send over loopback, beside alloy")
        .floor("the same operation by a bare alloy-rpc-client request", bare)
        .ours(ours)
        .goal(1.10)
        .allocations(70);
    for size in [1_usize, 16, 64] {
        suite
            .operation("sends in flight")
            .at(size as u64)
            .floor("as many bare alloy-rpc-client requests", || {
                let sends = (0..size).map(|_| {
                    let params = (partial.wire(entry_point.version), entry_point.address);
                    let send = rpc.request("eth_sendUserOperation", params);
                    async move {
                        let hash: B256 = send.await.expect("an answer");
                        hash
                    }
                });
                runtime.block_on(join_all(sends))
            })
            .ours(|| {
                let sends = (0..size).map(|_| bundler.send(black_box(&signed)));
                runtime.block_on(try_join_all(sends)).expect("answers")
            })
            // 0.95 of its throughput.
            .goal(1.0 / 0.95);
    }
    suite
        .operation("send over loopback, beside a socket")
        .floor("prebuilt bytes over an open socket, the answer parsed", || {
            raw(&mut socket, black_box(request.as_bytes()), &mut buffer)
        })
        .naive(bare)
        .ours(ours)
        .goal(1.6);
}
