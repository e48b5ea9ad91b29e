# One recipe = one CI step; `just ci` is all of it. `just --list` shows what each is for.
#
# Every cargo command but the README's first one selects the whole workspace: another selection would resolve other features, and
# build Polars anew.

# Folder of the published study's data, for `just published`.
plosone := env("CNSIM_PLOSONE", justfile_directory() / "../shared/data/plosone")

# Folder of the programs that make a cluster for tests, for `just cluster`.
cluster_kit := env("CNSIM_CLUSTER_KIT", justfile_directory() / "../shared/kubernetes")

# Where a Python environment for tests is kept.
peers := env("HOME") / ".cache/cnsim/peers"

# Where the notebooks' Python environment is kept.
notebook_python := env("HOME") / ".cache/cnsim/notebooks"

# What serves BigQuery's interfaces, for `just bigquery`.
bigquery_server := env("CNSIM_BIGQUERY_SERVER", justfile_directory() / "../shared/bigquery-server/start.sh")

# Folder of Prometheus' programs, for `just telemetry`.
prometheus := env("CNSIM_PROMETHEUS", "/usr/bin")

# Where GoogleSQL's analyser is, for `just queries`.
zetasql := env("CNSIM_ZETASQL", env("HOME") / ".cache/cnsim-zetasql")

# Every step that CI runs
ci: fmt lint deny doc test published browser peers queries bigquery telemetry notebooks cluster main-job

# The source is formatted
fmt:
    cargo fmt --all --check

# No warning anywhere
lint:
    cargo clippy --locked --workspace --all-targets --features cnsim-analyze/real-parts,cnsim-experiment/real-cluster,cnsim-node/real-parts,cnsim-analyze/live-bigquery -- -D warnings

# Licences, banned crates and sources of the dependencies
deny:
    cargo deny --log-level error check licenses bans sources

# The documentation builds without a warning
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --lib

# Every test that needs nothing but this checkout
test:
    cargo test --locked

# The published study's tables reproduce from its data
published:
    @test -d "{{ plosone }}" || { echo "just published: no folder {{ plosone }}; set CNSIM_PLOSONE to the published data" >&2; exit 1; }
    CNSIM_PLOSONE="{{ plosone }}" cargo test --locked --features cnsim-analyze/real-parts --test published --test compare_published

# The report opens in headless Chromium without an error or an outside request
browser:
    cargo test --locked --features cnsim-analyze/real-parts --test browser

# A run fetched from a BigQuery server is the run of its own file; CNSIM_BIGQUERY_SERVER starts the server, given REST port, gRPC port and folder
bigquery:
    @test -x "{{ bigquery_server }}" || { echo "just bigquery: no program {{ bigquery_server }}; set CNSIM_BIGQUERY_SERVER to one that serves BigQuery" >&2; exit 1; }
    cargo build --locked --workspace --bins
    CNSIM_BIGQUERY_SERVER="{{ bigquery_server }}" cargo test --locked --workspace --features cnsim-analyze/real-parts --test bigquery -- --test-threads=1

# What pods used comes from a real Prometheus; CNSIM_PROMETHEUS is the folder of its programs
telemetry:
    @test -x "{{ prometheus }}/prometheus" || { echo "just telemetry: no {{ prometheus }}/prometheus; install Prometheus, and name its folder in CNSIM_PROMETHEUS" >&2; exit 1; }
    CNSIM_PROMETHEUS="{{ prometheus }}" cargo test --locked --workspace --features cnsim-analyze/real-parts --test telemetry

# The same by REST from a server with Google's own SQL engine, the program CNSIM_GOOGLESQL; not a step of CI, for it takes long to build
googlesql:
    @test -x "${CNSIM_GOOGLESQL:-}" || { echo "just googlesql: set CNSIM_GOOGLESQL to the program bigquery-emulator" >&2; exit 1; }
    CNSIM_BIGQUERY_SERVER="{{ justfile_directory() }}/scripts/googlesql-server" cargo test --locked --workspace --features cnsim-analyze/real-parts --test bigquery_googlesql

# Rows per second and memory of a fetch beside Google's Python client, on a server as for `just bigquery`; not a step of CI
bench-bigquery rows="1000000":
    @test -x "{{ bigquery_server }}" || { echo "just bench-bigquery: no program {{ bigquery_server }}; set CNSIM_BIGQUERY_SERVER to one that serves BigQuery" >&2; exit 1; }
    test -x "{{ peers }}/bin/python" || python3 -m venv "{{ peers }}"
    "{{ peers }}/bin/pip" install --quiet --disable-pip-version-check google-cloud-bigquery==3.47.0 google-cloud-bigquery-storage==2.43.0 pyarrow==26.0.1
    cargo build --locked --release --workspace --bins
    "{{ peers }}/bin/python" benches/peers/bigquery_rows.py "{{ bigquery_server }}" "$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/cnsim-analyze" {{ rows }}

# GoogleSQL's own analyser takes every statement of queries/; its virtual environment is outside the checkout
queries:
    @test -x "{{ zetasql }}/bin/python" || { python3 -m venv "{{ zetasql }}" && "{{ zetasql }}/bin/pip" install --quiet zetasql==0.1.5; }
    "{{ zetasql }}/bin/python" queries/check.py

# A hundred runs on this machine in a row are sound; not a step of CI, whose machine has other things to do
clean-runs runs="100":
    scripts/clean-runs {{ runs }}

# The notebooks run on bundles that are made for it
notebooks:
    @test -d "{{ plosone }}" || { echo "just notebooks: no folder {{ plosone }}; set CNSIM_PLOSONE to the published data" >&2; exit 1; }
    test -x "{{ notebook_python }}/bin/python" || python3 -m venv "{{ notebook_python }}"
    "{{ notebook_python }}/bin/pip" install --quiet --disable-pip-version-check nbclient==0.11.0 ipykernel==7.4.0 polars==2.1.0 matplotlib==3.11.2
    scripts/notebooks "{{ notebook_python }}/bin/python" "{{ plosone }}"

# The README's first command
main-job:
    scripts/readme-command main

# What checks can find at a number of rounds, and how often tests and intervals hold what they say, by simulation; not a step of CI
simulations runs="200":
    cargo build --locked --release --workspace --example simulations
    "$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/examples/simulations" {{ runs }}

# The estimate of a simulation's memory against what runs take, at several sizes; not a step of CI
simulation-memory:
    scripts/simulation-memory

# Random scenarios in the simulator: nothing happens that cannot, and every copy is accounted for; CI tries 60 of them
random-scenarios count="1000":
    CNSIM_SCENARIOS={{ count }} cargo test --locked -p cnsim-sim --test scenarios

# The simulator against exact values, thousands of rounds; not a step of CI, which does a tenth of it: just verify-simulator --seed 7
verify-simulator flag="--seed" seed="7":
    @test "{{ flag }}" = "--seed" || { echo "just verify-simulator: give a seed, as --seed 7" >&2; exit 2; }
    cargo build --locked --release --workspace --example verify
    "$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/examples/verify" {{ seed }}

# Real nodes of this machine against an exact value: how often 100 of them that push to 5 others reach all; not a step of CI
verify-real-nodes rounds="400" seed="7":
    cargo build --locked --release --workspace --bins --example verify_real_nodes
    scripts/verify-real-nodes "$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release" {{ rounds }} {{ seed }}

# What `--like` predicts against real runs of this machine, which has to be quiet; the table of docs/simulation.md; not a step of CI
predict rounds="40" folder="":
    cargo build --locked --release --workspace --bins
    scripts/predict "$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release" {{ rounds }} {{ folder }}

# The stages of a report beside DuckDB, pandas and Polars, on five million rows grown from the published data; not a step of CI
bench-peers rows="5000000":
    @test -d "{{ plosone }}" || { echo "just bench-peers: no folder {{ plosone }}; set CNSIM_PLOSONE to the published data" >&2; exit 1; }
    test -x "{{ peers }}/bin/python" || python3 -m venv "{{ peers }}"
    "{{ peers }}/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1 scipy==1.17.1
    cargo build --locked --release --workspace --bins --example stages
    python3 benches/peers/compare_stages.py --grow "{{ plosone }}/bandwidth/test-default-bwidth-10X.csv" --rows {{ rows }} --python "{{ peers }}/bin/python" --programs "$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release"

# Criteria of docs/performance.md that need no other program
bench:
    cargo bench --locked

# The node's image: with `docker build`, or with the program that CNSIM_IMAGE_BUILDER names; see scripts/image
image *arguments:
    scripts/image {{ arguments }}

# The chart lints, renders as known and refuses what is wrong; with KUBECONFIG set, its API server takes it (a dry run)
chart:
    @command -v "${CNSIM_HELM:-helm}" >/dev/null || { echo "just chart: no Helm here; install Helm 3, or name it in CNSIM_HELM" >&2; exit 1; }
    cargo test --locked --workspace --features cnsim-experiment/real-cluster --test chart -- $([ -n "${KUBECONFIG:-}" ] || echo "--skip on_a_cluster")

# Nodes of the published system, in Python, and ours in one network
peers:
    test -x "{{ peers }}/bin/python" || python3 -m venv "{{ peers }}"
    "{{ peers }}/bin/pip" install --quiet --disable-pip-version-check grpcio==1.76.0 grpcio-tools==1.76.0
    CNSIM_PEER_PYTHON="{{ peers }}/bin/python" cargo test --locked --workspace --features cnsim-node/real-parts --test published_peer

# Whole runs on the cluster of KUBECONFIG, which has the image that CNSIM_IMAGE names
e2e-kubernetes:
    @test -n "${KUBECONFIG:-}" -a -n "${CNSIM_IMAGE:-}" || { echo "just e2e-kubernetes: set KUBECONFIG to a cluster's, and CNSIM_IMAGE to an image that it has" >&2; exit 1; }
    cargo build --locked --workspace --features cnsim-experiment/real-cluster --bins
    cargo test --locked --workspace --features cnsim-experiment/real-cluster --test cluster -- --test-threads=1

# The chart and whole runs on a cluster that is made for it by the programs in CNSIM_CLUSTER_KIT, with an image of this tree
cluster:
    @test -d "{{ cluster_kit }}" || { echo "just cluster: no folder {{ cluster_kit }}; set CNSIM_CLUSTER_KIT to the programs that make a cluster" >&2; exit 1; }
    scripts/with-cluster "{{ cluster_kit }}" just chart e2e-kubernetes
