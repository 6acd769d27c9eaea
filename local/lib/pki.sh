# Certificates of the cluster: one CA, a certificate for each party, signed for what it does.

PKI=$STATE/pki

ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=podsnapshot-local" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout "$PKI/ca.key" -out "$PKI/ca.crt" 2>/dev/null
}

# certificate NAME SUBJECT USAGE [SUBJECT_ALT_NAMES]
certificate() {
  openssl req -new -newkey rsa:2048 -nodes -subj "$2" -keyout "$PKI/$1.key" -out "$PKI/$1.csr" 2>/dev/null
  openssl x509 -req -in "$PKI/$1.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 365 -out "$PKI/$1.crt" \
    -extfile <(
      echo "keyUsage=critical,digitalSignature,keyEncipherment"
      echo "extendedKeyUsage=$3"
      [ -z "${4:-}" ] || echo "subjectAltName=$4"
    ) 2>/dev/null
  rm "$PKI/$1.csr"
}

# kubeconfig NAME FILE
kubeconfig() {
  cat >"$2" <<YAML
apiVersion: v1
kind: Config
current-context: podsnapshot-local
contexts: [{name: podsnapshot-local, context: {cluster: podsnapshot-local, user: $1}}]
clusters:
- name: podsnapshot-local
  cluster: {server: "https://$NODE_IP:6443", certificate-authority-data: $(base64 -w0 <"$PKI/ca.crt")}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 <"$PKI/$1.crt"), client-key-data: $(base64 -w0 <"$PKI/$1.key")}
YAML
  chmod 600 "$2"
}

make_pki() {
  mkdir -p "$PKI" "$LOCAL/.run"
  if [ ! -f "$PKI/complete" ]; then
    ca
    local names="DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost"
    certificate apiserver "/CN=kube-apiserver" serverAuth "$names,IP:127.0.0.1,IP:$NODE_IP,IP:10.96.0.1"
    certificate apiserver-kubelet "/O=system:masters/CN=kube-apiserver-kubelet-client" clientAuth
    certificate admin "/O=system:masters/CN=admin" clientAuth
    certificate controller-manager "/CN=system:kube-controller-manager" clientAuth
    certificate scheduler "/CN=system:kube-scheduler" clientAuth
    certificate proxy "/CN=system:kube-proxy" clientAuth
    certificate coredns "/CN=system:coredns" clientAuth
    certificate node1 "/O=system:nodes/CN=system:node:node1" clientAuth
    certificate kubelet-serving "/O=system:nodes/CN=system:node:node1" serverAuth "DNS:node1,IP:$NODE_IP"
    openssl genrsa -out "$PKI/service-account.key" 2048 2>/dev/null
    openssl rsa -in "$PKI/service-account.key" -pubout -out "$PKI/service-account.pub" 2>/dev/null
    for name in controller-manager scheduler proxy coredns node1; do kubeconfig $name "$PKI/$name.conf"; done
    touch "$PKI/complete"
  fi
  kubeconfig admin "$LOCAL/.run/kubeconfig"
}
