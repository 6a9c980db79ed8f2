//! A thin hyper server, and ratios of two pieces of work done in turns.

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

/// Serves what `respond` makes of a path and a body, after `latency`; on a thread of its own, until the process ends.
pub fn serve(latency: Duration, respond: impl Fn(&str, &[u8]) -> Bytes + Send + Sync + 'static) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    let respond = Arc::new(respond);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let respond = respond.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let respond = respond.clone();
                    async move {
                        let path = request.uri().path().to_owned();
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let body = respond(&path, &body);
                        if !latency.is_zero() {
                            tokio::time::sleep(latency).await;
                        }
                        Ok::<_, Infallible>(Response::new(Full::new(body)))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
    });
    told.recv().unwrap()
}

/// How long `baseline` takes divided by how long `ours` takes: the median of `rounds`, in each of which both take a turn.
pub fn ratio(rounds: usize, mut ours: impl FnMut(), mut baseline: impl FnMut()) -> f64 {
    let time = |work: &mut dyn FnMut()| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    };
    ours();
    baseline();
    let mut ratios: Vec<f64> = (0..rounds)
        .map(|round| {
            // Who goes first finds the machine as the other left it.
            let (ours, baseline) = if round % 2 == 0 {
                let ours = time(&mut ours);
                (ours, time(&mut baseline))
            } else {
                let baseline = time(&mut baseline);
                (time(&mut ours), baseline)
            };
            baseline / ours
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[rounds / 2]
}
