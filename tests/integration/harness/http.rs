//! A server on a free port of loopback, which ends when it is dropped.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

/// A request whose body has been read.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Which connection it came on, and after how many others on this one.
    pub connection: usize,
    pub before: usize,
}

pub type Answered = Response<Full<Bytes>>;

impl Server {
    /// Answers each request with what `answer` makes of it.
    pub async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(Asked) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answered> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answer.clone();
                let count = AtomicUsize::new(0);
                let service = service_fn(move |request| {
                    let answer = answer.clone();
                    let before = count.fetch_add(1, Ordering::Relaxed);
                    async move {
                        let asked = read(request, connection, before).await;
                        Ok::<_, Infallible>(answer(asked).await)
                    }
                });
                // A client may close its connection whenever it likes.
                tokio::spawn(async move {
                    let _ =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with this status and body.
pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answered {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(Full::new(body.into()))
        .unwrap()
}

async fn read(request: Request<Incoming>, connection: usize, before: usize) -> Asked {
    let (parts, body) = request.into_parts();
    Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
        connection,
        before,
    }
}

/// The body of an answer to GET.
pub async fn get(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    // An answer to HTTP/1.0 comes in one piece, and ends with its connection.
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
