# The node's network namespace, joined to the host by one pair of interfaces. All bridges and rules live inside.

make_network() {
  ip netns list | grep -qw "$NS" && return
  ip netns add "$NS"
  ip link add podsnap-host type veth peer name podsnap-node netns "$NS"
  ip address add "$HOST_IP/24" dev podsnap-host
  ip link set podsnap-host up
  ip -n "$NS" address add "$NODE_IP/24" dev podsnap-node
  ip -n "$NS" link set podsnap-node up
  ip -n "$NS" link set lo up
  ip -n "$NS" route add default via "$HOST_IP"
  ip route add "$POD_CIDR" via "$NODE_IP"
  ip route add "$SERVICE_CIDR" via "$NODE_IP"
  # CoreDNS is a process of the node; its service address is the node's own.
  ip -n "$NS" address add "$DNS_IP/32" dev lo
  ip netns exec "$NS" sysctl -qw net.ipv4.ip_forward=1
}

remove_network() {
  ip netns list | grep -qw "$NS" && ip netns delete "$NS"
  ip link show podsnap-host >/dev/null 2>&1 && ip link delete podsnap-host
  return 0
}

write_cni() {
  mkdir -p "$STATE/cni"
  cat >"$STATE/cni/10-bridge.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "podsnapshot-local", "plugins": [
  {"type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$RUN/ipam", "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
}
