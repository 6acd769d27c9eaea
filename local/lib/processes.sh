# The programs of the node: how each is started, and how all are stopped.

# start NAME COMMAND…: in the node's network namespace, unless it runs already
start() {
  local name=$1
  shift
  running "$name" && return
  mkdir -p "$STATE/log" "$RUN/pid"
  setsid nsenter --net="/run/netns/$NS" "$@" >>"$STATE/log/$name.log" 2>&1 </dev/null &
  echo $! >"$RUN/pid/$name"
}

running() { [ -f "$RUN/pid/$1" ] && kill -0 "$(cat "$RUN/pid/$1")" 2>/dev/null; }

# await WHAT SECONDS COMMAND…
await() {
  local what=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { say "$what did not come up; see local/cluster logs" && return 1; }
    sleep 0.3
  done
}

k() { kubectl --kubeconfig "$LOCAL/.run/kubeconfig" "$@"; }

write_configuration() {
  mkdir -p "$STATE/containerd" "$STATE/kubelet" "$RUN"
  # Written once: the suite's installer edits it.
  [ -f "$STATE/containerd/runsc.toml" ] || cat >"$STATE/containerd/runsc.toml" <<TOML
binary_name = "$STATE/bin/runsc"
root = "$RUN/runsc"
[runsc_config]
  platform = "systrap"
  ignore-cgroups = "true"
TOML
  cat >"$STATE/containerd/config.toml" <<TOML
version = 3
root = "$STATE/containerd/root"
state = "$RUN/containerd"
[grpc]
  address = "$RUN/containerd.sock"
[ttrpc]
  address = "$RUN/containerd.sock.ttrpc"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "localhost/pause:1"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["$STATE/bin"]
    conf_dir = "$STATE/cni"
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = "runc"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runsc]
      runtime_type = "io.containerd.runsc.v1"
      pod_annotations = ["dev.gvisor.*", "podsnapshot.gke.io/*"]
      container_annotations = ["dev.gvisor.*"]
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runsc.options]
        TypeUrl = "io.containerd.runsc.v1.options"
        ConfigPath = "$STATE/containerd/runsc.toml"
TOML
  cat >"$STATE/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $PKI/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet-serving.crt
tlsPrivateKeyFile: $PKI/kubelet-serving.key
address: $NODE_IP
clusterDNS: [$DNS_IP]
clusterDomain: cluster.local
cgroupDriver: cgroupfs
cgroupRoot: /podsnapshot-local
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://$RUN/containerd.sock
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
imageGCHighThresholdPercent: 100
evictionHard: {}
resolvConf: ""
serializeImagePulls: false
registerWithTaints: []
YAML
  cat >"$STATE/Corefile" <<COREFILE
.:53 {
  bind $DNS_IP
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $PKI/coredns.conf
    ttl 5
  }
}
COREFILE
}

make_cgroups() {
  local hierarchy
  for hierarchy in $(cgroup_hierarchies); do
    mkdir -p "$hierarchy/podsnapshot-local"
    if [ -f "$hierarchy/cpuset.cpus" ]; then # cgroup v1: a new cpuset is empty
      cat "$hierarchy/cpuset.cpus" >"$hierarchy/podsnapshot-local/cpuset.cpus"
      cat "$hierarchy/cpuset.mems" >"$hierarchy/podsnapshot-local/cpuset.mems"
    fi
  done
}

cgroup_hierarchies() { awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts | sort -u; }

up() {
  local begin=$SECONDS
  install_packages
  build_all
  if all_running && k get --raw /readyz >/dev/null 2>&1; then
    say "the cluster is up; kubeconfig: $LOCAL/.run/kubeconfig"
    return
  fi
  mkdir -p "$STATE" "$RUN"
  [ -f "$STATE/netns-before" ] || ip netns list | cut -d" " -f1 >"$STATE/netns-before"
  mkdir -p "$STATE/bin"
  cp -lf "$BIN"/* "$STATE/bin/" 2>/dev/null || cp -f "$BIN"/* "$STATE/bin/" # links where the cache is on the same disk
  make_network
  make_pki
  write_cni
  write_configuration
  make_cgroups

  start etcd etcd --data-dir "$STATE/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync --log-level warn
  start containerd containerd -c "$STATE/containerd/config.toml"
  mkdir -p "$STATE/gcs/podsnapshots"
  start gcs fake-gcs-server -scheme http -host "$NODE_IP" -port 4443 -external-url "$GCS" -public-host "$NODE_IP:4443" \
    -backend filesystem -filesystem-root "$STATE/gcs" -log-level warn
  start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --bind-address="$NODE_IP" --advertise-address="$NODE_IP" \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
    --kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key" --kubelet-certificate-authority="$PKI/ca.crt" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --anonymous-auth=false \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-key-file="$PKI/service-account.pub" \
    --service-account-signing-key-file="$PKI/service-account.key" --service-cluster-ip-range="$SERVICE_CIDR" --allow-privileged=true
  await "the API server" 60 k get --raw /readyz
  start controller-manager kube-controller-manager --kubeconfig "$PKI/controller-manager.conf" --root-ca-file "$PKI/ca.crt" \
    --service-account-private-key-file="$PKI/service-account.key" --use-service-account-credentials=true --leader-elect=false
  start scheduler kube-scheduler --kubeconfig "$PKI/scheduler.conf" --leader-elect=false
  start proxy kube-proxy --kubeconfig "$PKI/proxy.conf" --proxy-mode=iptables --cluster-cidr="$POD_CIDR" --hostname-override=node1 --conntrack-max-per-core=0
  await containerd 30 ctr -a "$RUN/containerd.sock" version
  start kubelet kubelet --config "$STATE/kubelet.yaml" --kubeconfig "$PKI/node1.conf" --hostname-override node1 --node-ip "$NODE_IP" --root-dir "$STATE/kubelet"
  apply_basics
  start coredns coredns -conf "$STATE/Corefile"
  python3 "$LOCAL/image.py" "$RUN/pause.tar" localhost/pause:1 --entrypoint '["/pause"]' --layer "/pause=$BIN/pause"
  load "$RUN/pause.tar" && rm "$RUN/pause.tar"
  await "the node" 60 k wait --for=condition=Ready node/node1 --timeout=1s
  await "the default ServiceAccount" 30 k get serviceaccount default
  say "the cluster is up in $((SECONDS - begin)) s; kubeconfig: $LOCAL/.run/kubeconfig"
}

PROGRAMS="etcd containerd gcs apiserver controller-manager scheduler proxy kubelet coredns"

all_running() {
  local name
  for name in $PROGRAMS; do running $name || return 1; done
}

# What an installer would put on every cluster.
apply_basics() {
  k apply -f - >/dev/null <<YAML
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: gvisor}
handler: runsc
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: podsnapshot-local:coredns}
rules:
- {apiGroups: [""], resources: [endpoints, services, pods, namespaces], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: podsnapshot-local:coredns}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: podsnapshot-local:coredns}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: system:coredns}]
YAML
}

load() {
  local tar
  for tar in "$@"; do
    ctr -a "$RUN/containerd.sock" -n k8s.io images import --snapshotter overlayfs "$tar" >/dev/null
  done
}

status() {
  local name
  for name in $PROGRAMS; do running $name && echo "$name: runs" || echo "$name: stopped"; done
  if running apiserver; then k get nodes; fi
}

logs() {
  local file
  if [ -n "$1" ]; then cat "$STATE/log/$1.log"; else
    for file in "$STATE"/log/*.log; do echo "== $(basename "$file" .log)" && tail -n 5 "$file"; done
  fi
}

# Ends a process and waits for it.
end() {
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 50); do kill -0 "$1" 2>/dev/null || return 0 && sleep 0.1; done
  kill -9 "$1" 2>/dev/null || true
}

# Processes whose command line names one of our folders: shims, sandboxes, gofers and what they started.
# The brackets keep the pattern from finding itself.
ours() { grep -lsaE '/(run|var/lib)/podsnapshot-loca[l]/|/run/podsnapshot[s]/' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 || true; }

# Processes in the node's cgroups or network namespace.
in_cgroups() {
  local hierarchy
  for hierarchy in $(cgroup_hierarchies); do find "$hierarchy/podsnapshot-local" -name cgroup.procs -exec cat {} + 2>/dev/null; done | sort -u
  ip netns pids "$NS" 2>/dev/null || true
}

down() {
  local name pid directory
  if running apiserver && running kubelet; then
    say "deleting Pods"
    k delete pods --all --all-namespaces --grace-period=1 --wait=true --timeout=20s >/dev/null 2>&1 || true
  fi
  for name in kubelet proxy coredns scheduler controller-manager apiserver etcd gcs; do
    if running $name; then end "$(cat "$RUN/pid/$name")"; fi
  done
  for directory in "$RUN"/runsc/k8s.io/*_sandbox:*.state; do
    [ -e "$directory" ] || continue
    name=$(basename "$directory") && "$STATE/bin/runsc" --root="$RUN/runsc/k8s.io" delete --force "${name%%_sandbox*}" 2>/dev/null || true
  done
  if running containerd; then end "$(cat "$RUN/pid/containerd")"; fi
  for pid in $(ours) $(in_cgroups); do kill -9 "$pid" 2>/dev/null || true; done
  sleep 0.5
  awk -v a="$RUN" -v b="$STATE" 'index($2, a) == 1 || index($2, b) == 1 {print $2}' /proc/mounts | sort -r | while read -r name; do
    umount -l "$name" || true
  done
  # Pods' network namespaces.
  ip netns list | awk '/^cni-/ {print $1}' | while read -r name; do
    grep -qsx "$name" "$STATE/netns-before" || ip netns delete "$name" 2>/dev/null || true
  done
  remove_network
  for directory in $(cgroup_hierarchies); do
    [ ! -d "$directory/podsnapshot-local" ] || find "$directory/podsnapshot-local" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  rm -rf "$RUN" "$STATE" /run/podsnapshots /var/lib/podsnapshots /opt/podsnapshots "$LOCAL/.run"
  left
}

# Prints what is left and fails if anything is.
left() {
  local found
  found=$(
    ours
    ip netns list | grep -w "$NS" || true
    ip link show podsnap-host 2>/dev/null || true
    grep -E "$RUN|$STATE" /proc/mounts || true
    find /sys/fs/cgroup -maxdepth 3 -name podsnapshot-local || true
  )
  [ -z "$found" ] && say "the cluster is gone, nothing is left" && return
  say "left behind:" && echo "$found" >&2
  return 1
}
