//! `cnsim-node start`: asks one node to initiate a message, in the published system's way.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use cnsim::id::NodeId;
use cnsim::wire;
use cnsim::wire::gossip::SeenRequest;
use cnsim::wire::gossip::gossip_service_client::GossipServiceClient;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::cli::StartArgs;
use crate::clock::Clock;

/// How long a node that does not hold the message is left alone.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Starts a message and waits until the node has acknowledged it; the last line on stdout says so.
///
/// # Errors
/// When the node cannot be reached or refuses.
pub(crate) fn start(args: &StartArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.context("cannot start the runtime")?.block_on(run(args));
    result.with_context(|| format!("cannot start the message at {} (--target)", args.target))
}

async fn run(args: &StartArgs) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(args.within);
    begin(args, deadline).await?;
    for address in &args.seen_at {
        timeout_at(deadline, seen_at(address, &args.message)).await.map_err(|_| {
            anyhow!("the message has not arrived at {address} within {} s (--seen-at, --within)", args.within)
        })?;
        println!("Seen at {address}");
    }
    Ok(())
}

/// Asks one node until it holds the message; one that cannot be reached is asked again too.
async fn seen_at(address: &str, message: &str) {
    loop {
        match has_seen(address, message).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "cannot ask {address}"),
        }
        sleep(ASK_AGAIN).await;
    }
}

async fn has_seen(address: &str, message: &str) -> anyhow::Result<bool> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await.map_err(innermost)?;
    let request = SeenRequest { message: message.to_owned() };
    let reply = GossipServiceClient::new(channel).seen(request).await;
    Ok(reply.map_err(|status| anyhow!("{}", status.message()))?.into_inner().seen)
}

async fn begin(StartArgs { message, target, .. }: &StartArgs, deadline: Instant) -> anyhow::Result<()> {
    crate::network::parse_address(target).context("the address is not HOST:PORT")?;
    let channel = Endpoint::from_shared(format!("http://{target}"))?.connect().await.map_err(innermost)?;
    let mut client = GossipServiceClient::new(channel);
    let node = node_id(&mut client, message, target).await?;
    println!("Sending message to self ({node}): '{message}'");
    loop {
        let wire = wire::start_message(&node, message, Clock::new().now());
        match client.send_message(wire).await {
            Ok(reply) => {
                println!("Received acknowledgment: {}", reply.into_inner().details);
                return Ok(());
            }
            Err(status) if is_not_yet(&status) && Instant::now() < deadline => {
                tracing::warn!("{}", status.message());
                sleep(ASK_AGAIN).await;
            }
            Err(status) => bail!("{}", status.message()),
        }
    }
}

/// Whether the node itself says that it cannot yet: it waits for its neighbours. A broken connection has a cause here.
fn is_not_yet(status: &Status) -> bool {
    status.code() == Code::Unavailable && std::error::Error::source(status).is_none()
}

/// The node's own id: a copy from it to itself is what starts a message.
async fn node_id(client: &mut GossipServiceClient<Channel>, message: &str, target: &str) -> anyhow::Result<NodeId> {
    match client.seen(SeenRequest { message: message.to_owned() }).await {
        Ok(reply) => NodeId::new(&reply.into_inner().node_id).context("the node's own id is not one"),
        Err(status) if status.code() == Code::Unimplemented => published_id(target).await,
        Err(status) => bail!("{}", status.message()),
    }
}

/// A node of the published system is named by its pod's address and does not say it: it is the target's address, or
/// where that is a loopback one, this machine's.
async fn published_id(target: &str) -> anyhow::Result<NodeId> {
    let mut address = first_address(target).await?;
    if address.is_loopback() {
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        address = first_address(&format!("{machine}:0")).await.unwrap_or(address);
    }
    Ok(NodeId::new(&address.to_string())?)
}

async fn first_address(name: &str) -> anyhow::Result<IpAddr> {
    let mut found = tokio::net::lookup_host(name).await.with_context(|| format!("cannot resolve {name}"))?;
    found.next().map(|address: SocketAddr| address.ip()).with_context(|| format!("{name} has no address"))
}

fn innermost(error: tonic::transport::Error) -> anyhow::Error {
    let error = anyhow::Error::from(error);
    anyhow::anyhow!("{}", error.root_cause())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use cnsim::wire::gossip::gossip_service_server::{GossipService, GossipServiceServer};
    use cnsim::wire::gossip::{Acknowledgment, Answer, GossipMessage, SeenReply, Told, Words};
    use tonic::transport::Server;
    use tonic::transport::server::TcpIncoming;
    use tonic::{Request, Response};

    use super::*;

    /// A node of the published system, which knows one call only.
    struct Published;

    #[tonic::async_trait]
    impl GossipService for Published {
        async fn send_message(&self, request: Request<GossipMessage>) -> Result<Response<Acknowledgment>, Status> {
            Ok(Response::new(Acknowledgment { details: request.into_inner().sender_id, useful: None }))
        }

        async fn seen(&self, _: Request<SeenRequest>) -> Result<Response<SeenReply>, Status> {
            Err(Status::unimplemented("no such call"))
        }

        async fn ask(&self, _: Request<Words>) -> Result<Response<Answer>, Status> {
            Err(Status::unimplemented("no such call"))
        }

        async fn tell(&self, _: Request<Words>) -> Result<Response<Told>, Status> {
            Err(Status::unimplemented("no such call"))
        }
    }

    /// A node that has to be asked more than once.
    struct Slow {
        refusals: AtomicU32,
    }

    #[tonic::async_trait]
    impl GossipService for Slow {
        async fn send_message(&self, _: Request<GossipMessage>) -> Result<Response<Acknowledgment>, Status> {
            match self.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
                Ok(_) => Err(Status::unavailable("this node is not configured yet")),
                Err(_) => Ok(Response::new(Acknowledgment::default())),
            }
        }

        async fn seen(&self, _: Request<SeenRequest>) -> Result<Response<SeenReply>, Status> {
            Ok(Response::new(SeenReply { node_id: "slow".to_owned(), ..SeenReply::default() }))
        }

        async fn ask(&self, _: Request<Words>) -> Result<Response<Answer>, Status> {
            Err(Status::unimplemented("no such call"))
        }

        async fn tell(&self, _: Request<Words>) -> Result<Response<Told>, Status> {
            Err(Status::unimplemented("no such call"))
        }
    }

    async fn started_at(refusals: u32, within: u64) -> anyhow::Result<()> {
        let port = TcpIncoming::bind(([127, 0, 0, 1], 0).into())?;
        let target = port.local_addr()?.to_string();
        let slow = Slow { refusals: AtomicU32::new(refusals) };
        tokio::spawn(Server::builder().serve_with_incoming(GossipServiceServer::new(slow), port));
        run(&StartArgs { message: "m".to_owned(), target, seen_at: Vec::new(), within }).await
    }

    #[tokio::test]
    async fn a_node_that_is_not_configured_yet_is_asked_again_as_long_as_the_user_waits() {
        started_at(2, 30).await.unwrap();
        let error = started_at(u32::MAX, 0).await.unwrap_err();
        assert!(error.to_string().contains("not configured yet"), "{error}");
    }

    #[tokio::test]
    async fn a_published_node_is_named_by_an_address() {
        let port = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let target = port.local_addr().unwrap().to_string();
        tokio::spawn(Server::builder().serve_with_incoming(GossipServiceServer::new(Published), port));
        let mut client = GossipServiceClient::connect(format!("http://{target}")).await.unwrap();
        let node = node_id(&mut client, "m", &target).await.unwrap();
        assert!(node.as_str().parse::<IpAddr>().is_ok(), "{node}");
    }
}
