//! A connection that can be told to fail.

use super::{
    effect::{FaultEffect, Part, WireEnd},
    plan::{Matched, Plan},
    sniff,
};
use crate::emulator::lock::lock;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// How a response is written.
pub(super) enum Writing {
    Whole,
    Cut {
        after: Part,
        end: WireEnd,
    },
    Drip(Duration),
    /// These bytes in place of the response, the second ones again and again.
    Endless(&'static str, String),
}

/// The state of the request that is being read.
enum Reading {
    /// Nothing of it.
    Between,
    /// A fault may be due within. Nothing is passed on before the choice.
    Sniffing(Vec<u8>),
    /// The connection is reset once so many bytes have been read.
    Doomed {
        seen: usize,
        limit: usize,
    },
    Passing,
}

struct State {
    writing: Writing,
    /// The bytes of the response that have been written.
    written: usize,
    reading: Reading,
    /// The choice of a fault for this request, if it was made while the request was received.
    choice: Option<Option<FaultEffect>>,
    /// Bytes that were held back, and may go on.
    released: Vec<u8>,
    is_reset: bool,
    is_open: bool,
    waker: Option<Waker>,
}

/// The handle of a connection. Clones are of the same connection.
#[derive(Clone)]
pub(in crate::emulator) struct Wire(Arc<Mutex<State>>);

impl Wire {
    /// Prepares for the response to a request that has been read to its end. Returns the choice of a fault, if it has been made.
    pub(super) fn request_received(&self) -> Option<Option<FaultEffect>> {
        let mut state = self.state();
        state.reading = Reading::Between;
        state.writing = Writing::Whole;
        state.written = 0;
        state.choice.take()
    }

    /// Sets how the response to this request is written.
    pub(super) fn write(&self, writing: Writing) {
        self.state().writing = writing;
    }

    /// Resets the connection, whatever is under way.
    pub(super) fn reset(&self) {
        let mut state = self.state();
        state.is_reset = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state().is_open
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

/// The emulator's end of a connection.
pub(in crate::emulator) struct Io {
    stream: TcpStream,
    wire: Wire,
    plan: Plan,
    /// Until the next byte may go, and how much of an endless response has gone.
    timer: Option<Pin<Box<Sleep>>>,
    sent: usize,
}

impl Io {
    pub(super) fn new(stream: TcpStream, plan: Plan) -> Self {
        let wire = Wire(Arc::new(Mutex::new(State {
            writing: Writing::Whole,
            written: 0,
            reading: Reading::Between,
            choice: None,
            released: Vec::new(),
            is_reset: false,
            is_open: true,
            waker: None,
        })));
        Self { stream, wire, plan, timer: None, sent: 0 }
    }

    pub(super) fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// Makes the connection end with a reset when it is dropped, which this error brings about.
    fn reset(&self) -> io::Error {
        // Where it cannot be set, the client sees an end in place of a reset.
        let _ = self.stream.set_zero_linger();
        io::ErrorKind::ConnectionReset.into()
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        self.wire.state().is_open = false;
    }
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let io = self.get_mut();
        let wire = io.wire.clone();
        let mut state = wire.state();
        state.waker = Some(context.waker().clone());
        loop {
            if state.is_reset {
                return Poll::Ready(Err(io.reset()));
            }
            if !state.released.is_empty() {
                let length = state.released.len().min(buffer.remaining());
                buffer.put_slice(&state.released[..length]);
                state.released.drain(..length);
                return Poll::Ready(Ok(()));
            }
            if matches!(state.reading, Reading::Between) && io.plan.has_reset_within() {
                state.reading = Reading::Sniffing(Vec::new());
            }
            if matches!(state.reading, Reading::Between | Reading::Passing) {
                let before = buffer.filled().len();
                ready!(Pin::new(&mut io.stream).poll_read(context, buffer))?;
                if buffer.filled().len() > before {
                    state.reading = Reading::Passing;
                }
                return Poll::Ready(Ok(()));
            }
            if matches!(state.reading, Reading::Doomed { seen, limit } if seen >= limit) {
                state.is_reset = true;
                continue;
            }
            let mut chunk = [0; 4096];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut io.stream).poll_read(context, &mut chunk))?;
            let chunk = chunk.filled();
            state.reading = match std::mem::replace(&mut state.reading, Reading::Passing) {
                Reading::Doomed { seen, limit } if !chunk.is_empty() => {
                    Reading::Doomed { seen: seen + chunk.len(), limit }
                }
                Reading::Sniffing(mut held) => {
                    let had_head = sniff::end_of_head(&held).is_some();
                    held.extend_from_slice(chunk);
                    if !had_head && sniff::waits_for_continue(&held) {
                        // The server has not seen the head, and cannot ask for the body that the choice needs. Where it cannot be
                        // written at once, the client sends the body after a while.
                        let _ = io.stream.try_write(b"HTTP/1.1 100 Continue\r\n\r\n");
                    }
                    let choice = sniff::request(&held).map(|sniff::Sniffed { operations, path, length }| {
                        io.plan.due(&Matched { operations: &operations, path, length: Some(length) })
                    });
                    match choice {
                        Some(Some(FaultEffect::ResetWithin(limit))) => Reading::Doomed { seen: held.len(), limit },
                        choice if choice.is_some() || chunk.is_empty() => {
                            state.choice = choice;
                            state.released = held;
                            if state.released.is_empty() {
                                return Poll::Ready(Ok(()));
                            }
                            Reading::Passing
                        }
                        _ => Reading::Sniffing(held),
                    }
                }
                // The client has left.
                _ => return Poll::Ready(Ok(())),
            };
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let io = self.get_mut();
        let wire = io.wire.clone();
        let mut state = wire.state();
        state.waker = Some(context.waker().clone());
        if state.is_reset {
            return Poll::Ready(Err(io.reset()));
        }
        if let Writing::Cut { after: Part::Body(bytes), end } = state.writing {
            // The head is in the first bytes that are written, as a whole.
            let head = sniff::end_of_head(data).unwrap_or(data.len());
            state.writing = Writing::Cut { after: Part::Response(head + bytes), end };
        }
        match state.writing {
            Writing::Whole | Writing::Cut { after: Part::Body(_) | Part::HalfOfBody, .. } => {
                Pin::new(&mut io.stream).poll_write(context, data)
            }
            Writing::Cut { after: Part::Response(bytes), end } => match (bytes.saturating_sub(state.written), end) {
                (0, WireEnd::Reset) => {
                    state.is_reset = true;
                    Poll::Ready(Err(io.reset()))
                }
                (0, WireEnd::Close) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                (0, WireEnd::Stall) => Poll::Ready(Ok(data.len())),
                (left, _) => {
                    let data = &data[..data.len().min(left)];
                    let sent = ready!(Pin::new(&mut io.stream).poll_write(context, data))?;
                    state.written += sent;
                    Poll::Ready(Ok(sent))
                }
            },
            Writing::Drip(every) => {
                let timer = io.timer.get_or_insert_with(|| Box::pin(sleep(every)));
                ready!(timer.as_mut().poll(context));
                let sent = ready!(Pin::new(&mut io.stream).poll_write(context, &data[..data.len().min(1)]))?;
                io.timer = None;
                Poll::Ready(Ok(sent))
            }
            // The flush writes the endless bytes.
            Writing::Endless(..) => Poll::Ready(Ok(data.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = self.get_mut();
        let wire = io.wire.clone();
        let mut state = wire.state();
        state.waker = Some(context.waker().clone());
        if let Writing::Endless(head, again) = &state.writing {
            // It ends when the client leaves, which is an error here.
            loop {
                let left = match head.as_bytes().get(io.sent..).filter(|left| !left.is_empty()) {
                    Some(left) => left,
                    None => &again.as_bytes()[(io.sent - head.len()) % again.len()..],
                };
                if state.is_reset {
                    return Poll::Ready(Err(io.reset()));
                }
                io.sent += ready!(Pin::new(&mut io.stream).poll_write(context, left))?;
            }
        }
        Pin::new(&mut io.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = self.get_mut();
        let wire = io.wire.clone();
        let mut state = wire.state();
        state.waker = Some(context.waker().clone());
        if !matches!(state.writing, Writing::Cut { end: WireEnd::Stall, .. }) {
            return Pin::new(&mut io.stream).poll_shutdown(context);
        }
        // After a response that was to be the last one, such as to HTTP/1.0, it stays open too, until the client leaves.
        loop {
            if state.is_reset {
                return Poll::Ready(Err(io.reset()));
            }
            let mut chunk = [0; 4096];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut io.stream).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
