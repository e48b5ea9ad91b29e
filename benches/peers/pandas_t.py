"""T per message as the published notebooks compute it: pandas_t.py FILE."""

import sys

import pandas as pd

frame = pd.read_csv(sys.argv[1])
received = frame[frame.event_type == "received"].groupby("message").received_timestamp.max()
initiated = frame[frame.event_type == "initiate"].groupby("message").received_timestamp.first()
t_ms = (received - initiated) / 1e6
print(len(t_ms), t_ms.mean())
