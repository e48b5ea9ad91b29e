"""A network of Python gRPC nodes that gossip as the published system's last version does, on loopback.

python_network.py NODES ROUNDS: each node is a process with a grpc server of ten threads; the initiator sends to one peer
after another, each over a new channel. Prints the median time from the first send to the last receipt, and the mean
resident memory of a node. Needs grpcio, grpcio-tools and psutil.
"""

import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from concurrent import futures
from pathlib import Path

import grpc
import psutil

PROTO = Path(__file__).resolve().parents[2] / "proto"
FIRST_PORT = 15050


def generated():
    sys.path.insert(0, str(PROTO))
    return grpc.protos_and_services("gossip.proto")


def node(index, nodes, log, ready):
    messages, services = generated()
    me = f"127.0.0.1:{FIRST_PORT + index}"
    peers = [f"127.0.0.1:{FIRST_PORT + i}" for i in range(nodes) if i != index]
    records = open(log, "a", buffering=1)

    class Service(services.GossipServiceServicer):
        last = None

        def SendMessage(self, request, context):
            received = time.time_ns()
            text = request.message
            if request.sender_id == me:
                self.last = text
                for peer in peers:
                    copy = messages.GossipMessage(message=text, sender_id=me, timestamp=time.time_ns())
                    with grpc.insecure_channel(peer) as channel:
                        services.GossipServiceStub(channel).SendMessage(copy)
                return messages.Acknowledgment(details=f"Done propagate! {me} received: '{text}'")
            kind = "duplicate" if text == self.last else "received"
            self.last = text
            record = {"message": text, "event_type": kind, "received": received, "sent": request.timestamp}
            records.write(json.dumps(record) + "\n")
            return messages.Acknowledgment(details=f"{me} received: '{text}'")

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    services.add_GossipServiceServicer_to_server(Service(), server)
    server.add_insecure_port(me)
    server.start()
    ready.release()
    server.wait_for_termination()


def main():
    nodes, rounds = int(sys.argv[1]), int(sys.argv[2])
    context = multiprocessing.get_context("spawn")
    ready = context.Semaphore(0)
    with tempfile.TemporaryDirectory() as folder:
        logs = [f"{folder}/{i}.jsonl" for i in range(nodes)]
        children = [context.Process(target=node, args=(i, nodes, logs[i], ready), daemon=True) for i in range(nodes)]
        for child in children:
            child.start()
        for _ in children:
            ready.acquire()
        messages, services = generated()
        for round_number in range(rounds + 1):
            target = f"127.0.0.1:{FIRST_PORT + round_number % nodes}"
            start = messages.GossipMessage(message=f"peer-{round_number}", sender_id=target, timestamp=time.time_ns())
            with grpc.insecure_channel(target) as channel:
                services.GossipServiceStub(channel).SendMessage(start)
            time.sleep(0.1)
        memory = statistics.mean(psutil.Process(child.pid).memory_info().rss for child in children) / 1e6
        by_round = {}
        for log in logs:
            for line in open(log):
                record = json.loads(line)
                by_round.setdefault(record["message"], []).append(record)
        scored = [records for name, records in by_round.items() if name != "peer-0"]
        assert all(len(records) == nodes - 1 for records in scored), "a round is incomplete"
        times = [(max(r["received"] for r in rs) - min(r["sent"] for r in rs)) / 1e6 for rs in scored]
        print(f"{nodes} nodes, {len(scored)} rounds: {statistics.median(times):.1f} ms, {memory:.0f} MB a node")
        for child in children:
            child.terminate()


if __name__ == "__main__":
    main()
