"""A node and a client that know the published system's wire and nothing else.

  node.py serve ID PEER...       listens on a free port of loopback, prints it, then a JSON line for each receipt
  node.py start TARGET ID TEXT   starts a message at the node ID as the published client does, and prints its answer

Needs grpcio and grpcio-tools.
"""

import json
import os
import sys
import time
from concurrent import futures

import grpc

os.chdir(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ".")
messages, services = grpc.protos_and_services("published.proto")


def send(target, sender, text):
    with grpc.insecure_channel(target) as channel:
        message = messages.GossipMessage(message=text, sender_id=sender, timestamp=time.time_ns())
        return services.GossipServiceStub(channel).SendMessage(message, timeout=10, wait_for_ready=True).details


class Node(services.GossipServiceServicer):
    def __init__(self, name, peers):
        self.name, self.peers, self.seen = name, peers, set()
        self.workers = futures.ThreadPoolExecutor(max_workers=4)

    def SendMessage(self, request, context):
        duplicate = request.message in self.seen
        self.seen.add(request.message)
        event = "duplicate" if duplicate else "received"
        print(json.dumps({"message": request.message, "sender_id": request.sender_id, "event": event}), flush=True)
        if not duplicate:
            for peer in self.peers:
                self.workers.submit(send, peer, self.name, request.message)
        return messages.Acknowledgment(details=f"{self.name} received: '{request.message}'")


if sys.argv[1] == "start":
    print(send(*sys.argv[2:5]))
else:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    services.add_GossipServiceServicer_to_server(Node(sys.argv[2], sys.argv[3:]), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
