//! Places for programs that bind their ports without `SO_REUSEPORT`, and who listens there.
//!
//! Such a program cannot take a [reserved](crate::reserve_port) port, since the reservation holds it. But the
//! whole network 127.0.0.0/8 is this machine's, so the number of a reserved port names an address of its own,
//! 127.HIGH.LOW.1, and whoever holds the reservation may use all ports of it.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The loopback address that belongs to the holder of a reserved port.
pub fn own_address(reserved: SocketAddr) -> Ipv4Addr {
    let [high, low] = reserved.port().to_be_bytes();
    Ipv4Addr::new(127, high, low, 1)
}

/// Where the search path has a program; `None` if it is not installed.
pub fn installed_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Who listens where, kept as long as the processes live: to find one takes a look at all.
#[derive(Debug, Default)]
pub struct Listeners(Mutex<BTreeMap<SocketAddrV4, u32>>);

impl Listeners {
    /// See [`listening_process`].
    pub fn process(&self, address: SocketAddrV4) -> Option<u32> {
        let known = |id: &u32| Path::new(&format!("/proc/{id}/fd")).exists();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = kept.get(&address).copied().filter(known) {
            return Some(id);
        }
        let found = listening_process(address)?;
        kept.insert(address, found);
        Some(found)
    }
}

/// The process that listens at an address; `None` if nobody does, or a process of somebody else.
pub fn listening_process(address: SocketAddrV4) -> Option<u32> {
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let socket = format!("socket:[{}]", listening_socket(&table, address)?);
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.find(|id| {
        // Processes end while they are looked at, and those of others show nothing.
        let Ok(files) = fs::read_dir(format!("/proc/{id}/fd")) else { return false };
        let mut targets = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
        targets.any(|target| target.as_os_str() == socket.as_str())
    })
}

/// The inode of the listening socket, from the kernel's table of sockets (`proc_net_tcp` in its documents):
/// addresses are the bytes in the machine's order, ports are in the network's, the state 0A is LISTEN.
fn listening_socket(table: &str, address: SocketAddrV4) -> Option<&str> {
    let bytes = u32::from_ne_bytes(address.ip().octets());
    let wanted = format!("{bytes:08X}:{:04X}", address.port());
    let mut rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row.get(1) == Some(&wanted.as_str()) && row.get(3) == Some(&"0A"))?;
    row.get(9).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn each_reserved_port_has_an_address_of_its_own() {
        let reserved = crate::reserve_port().unwrap();
        let own = own_address(reserved.addr);
        assert_eq!(own.octets()[1..3], reserved.addr.port().to_be_bytes());
        let listener = TcpListener::bind((own, reserved.addr.port())).unwrap();
        assert_eq!(listener.local_addr().unwrap().ip(), own);
    }

    #[test]
    fn the_listener_is_found_and_nobody_else() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let here = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        assert_eq!(listening_process(here), Some(std::process::id()));
        assert_eq!(listening_process(SocketAddrV4::new(Ipv4Addr::new(127, 1, 2, 3), port)), None);
        drop(listener);
        assert_ne!(listening_process(here), Some(std::process::id()));
    }
}
