//! Ports that are kept for a node while it is dead.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// A port of 127.0.0.1 that nobody else is given for as long as this lives.
///
/// The socket behind it is bound and does not listen, so connections to the port are refused until
/// a program of the same user that also sets `SO_REUSEPORT` binds it and listens, and again when
/// that program is dead. Such a program should set `SO_REUSEADDR` as well, so that connections left
/// over from its earlier life do not keep it from binding.
#[derive(Debug)]
pub struct PortReservation {
    /// The address, whose port the system chose.
    pub addr: SocketAddr,
    _socket: Socket,
}

/// Takes a free port of 127.0.0.1. The system gives no port out twice, whatever runs beside.
///
/// # Errors
/// The system has no port or no file descriptor left.
pub fn reserve_port() -> io::Result<PortReservation> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_port(true)?;
    socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))?;
    let addr = socket
        .local_addr()?
        .as_socket()
        .ok_or_else(|| io::Error::other("the system gave a reserved port no address"))?;
    Ok(PortReservation { addr, _socket: socket })
}
