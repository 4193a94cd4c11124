#!/bin/sh
# Re-pins every lock file: one at the root for development, one per service for its image.
# Without download addresses, because people install from mirrors.
set -eu
cd "$(dirname "$0")/.."
ours=$(sed -n 's/^name = "\(.*\)"/--no-emit-package \1/p' contracts/*/pyproject.toml libs/*/pyproject.toml services/*/pyproject.toml infra/*/pyproject.toml bench/*/pyproject.toml evals/pyproject.toml)
compile() {
    out=$1
    shift
    # shellcheck disable=SC2086
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate $ours "$@" -o "$out"
    echo "pinned $out"
}
compile requirements.lock --group pyproject.toml:dev contracts/*/pyproject.toml libs/*/pyproject.toml services/*/pyproject.toml infra/*/pyproject.toml bench/*/pyproject.toml evals/pyproject.toml
for service in services/*/; do
    compile "${service}requirements.lock" -c requirements.lock "${service}pyproject.toml"
done
