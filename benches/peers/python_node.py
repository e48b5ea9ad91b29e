"""One Python gRPC node that answers like the published system's, for the throughput benchmark: python_node.py PORT.

Needs grpcio and grpcio-tools; prints a JSON line for each message, as a node does.
"""

import json
import sys
import time
from concurrent import futures
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proto"))
messages, services = grpc.protos_and_services("gossip.proto")


class Service(services.GossipServiceServicer):
    def SendMessage(self, request, context):
        print(json.dumps({"message": request.message, "sender_id": request.sender_id, "received": time.time_ns()}))
        return messages.Acknowledgment(details=f"received: '{request.message}'")


server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
services.add_GossipServiceServicer_to_server(Service(), server)
server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
server.wait_for_termination()
