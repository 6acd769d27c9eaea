#!/bin/sh
# Puts the hook on the node and makes the gVisor shim call it: binary_name in runsc.toml. The shim reads that
# file at each Pod's start, so nothing is restarted. Run again, it replaces the hook in place.
#   HOST          where the node's root is mounted (default /host)
#   RUNSC         the node's runsc
#   RUNSC_TOML    the file that containerd's runtime handler names as ConfigPath
#   HOOK_HOME     where the hook shall lie on the node
#   HOOK_CREATE_DEADLINE_MS  how long a container waits for the decision before it starts cold (2000); the restorer's
#                 PODSNAPSHOT_MATCH_DEADLINE must be shorter
# `install.sh remove` takes it out again.
set -eu
HOST=${HOST-/host}
RUNSC=${RUNSC:-/usr/local/bin/runsc}
RUNSC_TOML=${RUNSC_TOML:-/etc/containerd/runsc.toml}
HOOK_HOME=${HOOK_HOME:-/opt/podsnapshots/bin}
HOOK_CREATE_DEADLINE_MS=${HOOK_CREATE_DEADLINE_MS:-2000}
here=$(cd "$(dirname "$0")" && pwd)
toml=$HOST$RUNSC_TOML
home=$HOST$HOOK_HOME

[ -x "$HOST$RUNSC" ] || [ -L "$HOST$RUNSC" ] || { echo "no runsc at $RUNSC on this node; set RUNSC" >&2; exit 1; }
[ -f "$toml" ] || { echo "no $RUNSC_TOML on this node; set RUNSC_TOML to the ConfigPath of the gVisor runtime handler" >&2; exit 1; }

# Writes binary_name at the top of the file, before the first table.
point_to() {
  { echo "binary_name = \"$1\""; grep -v '^[[:space:]]*binary_name[[:space:]]*=' "$toml" || true; } >"$toml.new"
  mv "$toml.new" "$toml"
}

if [ "${1:-}" = remove ]; then
  point_to "$RUNSC"
  rm -f "$home/runsc-hook" "$home/ask"
  echo "hook removed, $RUNSC_TOML points to $RUNSC"
  exit 0
fi

mkdir -p "$home" "$HOST/run/podsnapshots"
cp "$here/ask" "$home/ask.new" && chmod 755 "$home/ask.new" && mv "$home/ask.new" "$home/ask"
sed -e "s#@RUNSC@#$RUNSC#" -e "s#@HOME_DIR@#$HOOK_HOME#" -e "s#@CREATE_DEADLINE_MS@#$HOOK_CREATE_DEADLINE_MS#" "$here/runsc-hook.sh" >"$home/runsc-hook.new"
chmod 755 "$home/runsc-hook.new" && mv "$home/runsc-hook.new" "$home/runsc-hook"
point_to "$HOOK_HOME/runsc-hook"
echo "hook installed at $HOOK_HOME/runsc-hook, $RUNSC_TOML points to it"
