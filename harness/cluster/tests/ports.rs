//! A reserved port stays its node's over death and restart.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};

use ordalia_cluster::{Cluster, Recipe, reserve_port};
use ordalia_node::NodeId;
use socket2::{Domain, Socket, Type};
use support::{DEADLINE, eventually, script};

/// Where the test executable finds the address when it is run as the node.
const ADDRESS: &str = "ORDALIA_TEST_ADDRESS";

#[test]
#[ignore = "the node of the test below, which runs it in a process of its own"]
fn listening_node() {
    let address: SocketAddr = std::env::var(ADDRESS).unwrap().parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket.listen(16).unwrap();
    let kept: Vec<_> = TcpListener::from(socket).incoming().collect();
    drop(kept);
}

#[test]
fn no_port_is_given_out_twice() {
    let reserved: Vec<_> = (0..200).map(|_| reserve_port().unwrap()).collect();
    let ports: BTreeSet<_> = reserved.iter().map(|reservation| reservation.addr.port()).collect();
    assert_eq!(ports.len(), reserved.len());
    // Nor can somebody who asks for one by number have it.
    let stranger = TcpListener::bind(reserved[0].addr).unwrap_err();
    assert_eq!(stranger.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_node_keeps_its_port_and_is_refused_while_dead() {
    let root = tempfile::tempdir().unwrap();
    let (node, port) = (NodeId::new(1), reserve_port().unwrap());
    let recipe = Recipe {
        program: std::env::current_exe().unwrap(),
        args: ["--exact", "listening_node", "--ignored"].map(str::to_owned).to_vec(),
        env: BTreeMap::from([(ADDRESS.to_owned(), port.addr.to_string())]),
        ..script(root.path(), node, "")
    };
    let mut cluster = Cluster::new(BTreeMap::from([(node, recipe)])).unwrap();
    let refused = || TcpStream::connect(port.addr).unwrap_err().kind();
    assert_eq!(refused(), ErrorKind::ConnectionRefused);
    for _ in 0..2 {
        cluster.start(node).await.unwrap();
        let mut connection = None;
        eventually("the node listens", || {
            assert!(cluster.is_alive(node), "{:?}", cluster.log_tail(node, 20));
            connection = TcpStream::connect(port.addr).ok();
            connection.is_some()
        });
        let mut connection = connection.unwrap();
        cluster.kill(node).await.unwrap();
        connection.set_read_timeout(Some(DEADLINE)).unwrap();
        assert!(matches!(connection.read(&mut [0]), Ok(0) | Err(_)), "its connections ended with it");
        assert_eq!(refused(), ErrorKind::ConnectionRefused);
    }
}
