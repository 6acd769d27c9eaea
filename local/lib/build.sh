# Builds the programs of the node from Go modules into the cache. A stamp for each, so that only what changed is built.

K8S=v1.35.4
K8S_LD="-X k8s.io/component-base/version.gitVersion=$K8S -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=35 -X k8s.io/client-go/pkg/version.gitVersion=$K8S"
GVISOR_LD="-X gvisor.dev/gvisor/runsc/version.version=release-20260905"

# build_go MODULE PROGRAM PACKAGE [LDFLAGS]
build_go() {
  local module=$1 program=$2 package=$3 flags="-s -w ${4:-}" stamp
  stamp=$(cat "$MODULES/$module"/* <(echo "$package $flags") | sha256sum | cut -c1-16)
  [ "$(cat "$BIN/$program.stamp" 2>/dev/null)" = "$stamp" ] && [ -x "$BIN/$program" ] && return
  say "building $program"
  local begin=$SECONDS
  (cd "$MODULES/$module" && CGO_ENABLED=0 go build -mod=mod -ldflags "$flags" -o "$BIN/$program" "$package")
  echo "$stamp" >"$BIN/$program.stamp"
  say "built $program in $((SECONDS - begin)) s"
}

# The shim insists on an OOM score of -999, which needs CAP_SYS_RESOURCE; where a machine has not got it, its Pods could
# not start. So it is built with a tolerant pkg/sys/oom_linux.go.
build_shim() {
  local stamp work
  stamp=$(cat "$MODULES/gvisor"/* | sha256sum | cut -c1-16)
  [ "$(cat "$BIN/shim.stamp" 2>/dev/null)" = "$stamp" ] && [ -x "$BIN/containerd-shim-runsc-v1" ] && return
  say "building containerd-shim-runsc-v1"
  work=$(mktemp -d)
  cp "$MODULES/gvisor"/go.* "$work"
  (
    cd "$work"
    go mod download github.com/containerd/containerd/v2
    cp -r "$(go list -m -f '{{.Dir}}' github.com/containerd/containerd/v2)" containerd
    chmod -R u+w containerd
    cp "$MODULES/gvisor/oom_linux.go.txt" containerd/pkg/sys/oom_linux.go
    go mod edit -replace github.com/containerd/containerd/v2=./containerd
    CGO_ENABLED=0 go build -mod=mod -ldflags "-s -w" -o "$BIN/containerd-shim-runsc-v1" gvisor.dev/gvisor/shim
  )
  rm -rf "$work"
  echo "$stamp" >"$BIN/shim.stamp"
}

build_pause() {
  [ "$BIN/pause" -nt "$LOCAL/pause.c" ] || gcc -O2 -static -s -o "$BIN/pause" "$LOCAL/pause.c"
}

build_all() {
  mkdir -p "$BIN"
  say "programs of the node: from the cache, or built from Go modules (12 to 15 min with 2 cores and empty caches)"
  build_go gvisor runsc gvisor.dev/gvisor/runsc "$GVISOR_LD"
  build_shim
  build_go etcd etcd go.etcd.io/etcd/server/v3
  for program in kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubectl; do
    build_go kubernetes $program k8s.io/kubernetes/cmd/$program "$K8S_LD"
  done
  build_go containerd containerd github.com/containerd/containerd/v2/cmd/containerd
  build_go containerd ctr github.com/containerd/containerd/v2/cmd/ctr
  build_go containerd containerd-shim-runc-v2 github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2
  build_go gcs fake-gcs-server github.com/fsouza/fake-gcs-server
  build_go coredns coredns github.com/coredns/coredns
  build_go cni bridge github.com/containernetworking/plugins/plugins/main/bridge
  build_go cni loopback github.com/containernetworking/plugins/plugins/main/loopback
  build_go cni host-local github.com/containernetworking/plugins/plugins/ipam/host-local
  build_pause
}

# Debian's packages that the node needs.
install_packages() {
  local missing=()
  command -v ip >/dev/null || missing+=(iproute2)
  command -v nft >/dev/null || missing+=(nftables)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v runc >/dev/null || missing+=(runc)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v conntrack >/dev/null || missing+=(conntrack)
  command -v python3 >/dev/null || missing+=(python3)
  command -v curl >/dev/null || missing+=(curl)
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  command -v go >/dev/null || missing+=(golang-go)
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
}
