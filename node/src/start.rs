//! `cnsim-node start`: asks one node to initiate a message, in the published system's way.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use cnsim::id::NodeId;
use cnsim::wire;
use cnsim::wire::gossip::SeenRequest;
use cnsim::wire::gossip::gossip_service_client::GossipServiceClient;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

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
    begin(args).await?;
    let deadline = Instant::now() + Duration::from_secs(args.within);
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

async fn begin(StartArgs { message, target, .. }: &StartArgs) -> anyhow::Result<()> {
    crate::network::parse_address(target).context("the address is not HOST:PORT")?;
    let channel = Endpoint::from_shared(format!("http://{target}"))?.connect().await.map_err(innermost)?;
    let mut client = GossipServiceClient::new(channel);
    let node = node_id(&mut client, message, target).await?;
    println!("Sending message to self ({node}): '{message}'");
    let wire = wire::start_message(&node, message, Clock::new().now());
    match client.send_message(wire).await {
        Ok(reply) => println!("Received acknowledgment: {}", reply.into_inner().details),
        Err(status) => bail!("{}", status.message()),
    }
    Ok(())
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
    use cnsim::wire::gossip::gossip_service_server::{GossipService, GossipServiceServer};
    use cnsim::wire::gossip::{Acknowledgment, GossipMessage, SeenReply};
    use tonic::transport::Server;
    use tonic::transport::server::TcpIncoming;
    use tonic::{Request, Response, Status};

    use super::*;

    /// A node of the published system, which knows one call only.
    struct Published;

    #[tonic::async_trait]
    impl GossipService for Published {
        async fn send_message(&self, request: Request<GossipMessage>) -> Result<Response<Acknowledgment>, Status> {
            Ok(Response::new(Acknowledgment { details: request.into_inner().sender_id }))
        }

        async fn seen(&self, _: Request<SeenRequest>) -> Result<Response<SeenReply>, Status> {
            Err(Status::unimplemented("no such call"))
        }
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
