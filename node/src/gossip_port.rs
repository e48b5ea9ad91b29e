//! What answers on a gossip port: the gossip service, and gRPC health beside it.

use std::convert::Infallible;
use std::task::{Context, Poll};

use cnsim::wire::gossip::gossip_service_server::GossipServiceServer;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic_health::pb::health_server::{Health, HealthServer};

use crate::gossip_service::Gossip;

/// Where calls of the health service begin.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Chooses by the call's path; an unknown one is for the gossip service to refuse.
pub(crate) struct GossipPort<H: Health> {
    pub(crate) gossip: GossipServiceServer<Gossip>,
    pub(crate) health: HealthServer<H>,
}

impl<H: Health> Clone for GossipPort<H> {
    fn clone(&self) -> Self {
        Self { gossip: self.gossip.clone(), health: self.health.clone() }
    }
}

impl<H: Health> Service<Request<Body>> for GossipPort<H> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    /// Both are always ready: the bound is the node's queue.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path().starts_with(HEALTH) { self.health.call(request) } else { self.gossip.call(request) }
    }
}
