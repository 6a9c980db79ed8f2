//! A listener that can refuse connections.

use super::{
    plan::Plan,
    switch::Switch,
    wire::{Io, Wire},
};
use axum::{extract::connect_info::Connected, serve::IncomingStream};
use std::{io, net::SocketAddr, time::Duration};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How long the listener waits after an error of the operating system's, such as too many open files.
const AFTER_ERROR: Duration = Duration::from_millis(50);

enum Socket {
    Listening(TcpListener),
    /// It keeps the port for this emulator, and refuses connections.
    Bound(TcpSocket),
    Closed,
}

/// A listener whose connections can be told to fail.
pub(in crate::emulator) struct FaultListener {
    socket: Socket,
    address: SocketAddr,
    switch: Switch,
    plan: Plan,
    connections: Vec<Wire>,
}

impl FaultListener {
    pub(in crate::emulator) fn new(listener: TcpListener, switch: Switch, plan: Plan) -> io::Result<Self> {
        let address = listener.local_addr()?;
        switch.follow(false);
        Ok(Self { socket: Socket::Listening(listener), address, switch, plan, connections: Vec::new() })
    }

    /// Does what the switch says.
    fn follow(&mut self) -> io::Result<()> {
        let refuses = self.switch.refuses();
        self.socket = match std::mem::replace(&mut self.socket, Socket::Closed) {
            Socket::Listening(listener) if refuses => {
                drop(listener);
                self.connections.drain(..).for_each(|wire| wire.reset());
                Socket::Bound(bind(self.address)?)
            }
            Socket::Bound(socket) if !refuses => Socket::Listening(socket.listen(1024)?),
            Socket::Closed if !refuses => Socket::Listening(bind(self.address)?.listen(1024)?),
            socket => socket,
        };
        self.switch.follow(refuses);
        Ok(())
    }

    async fn next(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            self.follow()?;
            let accept = async {
                match &self.socket {
                    Socket::Listening(listener) => listener.accept().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                accepted = accept => return accepted,
                () = self.switch.changed() => {}
            }
        }
    }
}

/// Takes the port, also while connections of before are being closed.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // On Windows it would share the port with anybody.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl axum::serve::Listener for FaultListener {
    type Io = Io;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Io, SocketAddr) {
        loop {
            match self.next().await {
                Ok((stream, address)) => {
                    // Without it a response can wait 40 ms for an acknowledgement. Where it cannot be set, responses are only slower.
                    let _ = stream.set_nodelay(true);
                    let io = Io::new(stream, self.plan.clone());
                    self.connections.retain(Wire::is_open);
                    self.connections.push(io.wire());
                    return (io, address);
                }
                Err(_) => tokio::time::sleep(AFTER_ERROR).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, FaultListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, FaultListener>) -> Self {
        stream.io().wire()
    }
}
