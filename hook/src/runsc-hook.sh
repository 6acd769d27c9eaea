#!/bin/sh
# What the gVisor shim calls as its runsc (binary_name in runsc.toml). Every verb goes to the real runsc
# untouched, but:
#   create  asks the restorer once, which may edit the bundle's config.json;
#   start   becomes `restore` where the restorer planned one;
#   create  may also take the root file systems from a snapshot (rootfs-only), or do nothing for an init container
#           whose work is in the snapshot: then start, wait, state, kill and delete play a container that ended well;
#   kill    waits for the snapshot that a Pod's policy asks for on deletion;
#   delete  forgets what was noted of the sandbox.
# Any doubt, silence or failure of ours ends in the plain verb: a cold start.
# It holds no logic beyond that; src/ask.c says how it talks, the restorer's package doc what it hears.
RUNSC=@RUNSC@
HOME_DIR=@HOME_DIR@
RUN=${PODSNAPSHOT_RUN:-/run/podsnapshots}
CREATE_DEADLINE_MS=@CREATE_DEADLINE_MS@
START_DEADLINE_MS=120000
STOP_DEADLINE_MS=600000

verb= id= bundle= root= log= pidfile= previous=
for argument; do
  case $argument in
    create | start | delete) [ -n "$verb" ] || verb=$argument ;;
    kill) [ -n "$verb" ] || verb=$argument ;;
    state | wait) [ -n "$verb" ] || { [ -d "$RUN/skipped" ] || exec "$RUNSC" "$@"; verb=$argument; } ;;
    exec | events | ps | pause | resume | checkpoint | restore) [ -n "$verb" ] || exec "$RUNSC" "$@" ;;
    --root=*) root=$argument ;;
    --log=*) log=${argument#--log=} ;;
    --bundle=*) bundle=${argument#--bundle=} ;;
  esac
  [ "$id" = --bundle ] && bundle=$argument
  [ "$id" = --pid-file ] && pidfile=$argument
  previous=$id
  id=$argument
done
[ "$verb" != kill ] || { signal=$id id=$previous; }

ask() { "$HOME_DIR/ask" "$RUN/hook.sock" "$@" 2>/dev/null; }

# runsc's own streams are the container's: what went wrong is read from its log.
last_error() { [ -n "$log" ] && tail -n 1 "$log" 2>/dev/null | sed -n 's/.*"msg":"\([^"]*\)".*/\1/p'; }

# The folder that `restore` reads; only the sandbox container's call opens it (runsc/container/container.go, startImpl).
directory=/nonexistent

# The same call with other words for its verb; functions, so that the words of the call itself stay as they are.
restore() {
  count=$#
  while [ $count -gt 0 ]; do
    argument=$1
    shift
    if [ "$argument" = start ]; then
      set -- "$@" restore "--image-path=$directory" --detach --background
    else
      set -- "$@" "$argument"
    fi
    count=$((count - 1))
  done
  "$RUNSC" "$@"
}
create_with_files() {
  count=$#
  while [ $count -gt 0 ]; do
    argument=$1
    shift
    if [ "$argument" = create ]; then
      set -- "$@" create "--fs-restore-image-path=$directory"
    else
      set -- "$@" "$argument"
    fi
    count=$((count - 1))
  done
  "$RUNSC" "$@"
}

# Notes of this hook, one file each, named by container or sandbox id.
planned=$RUN/planned/$id        # "SANDBOX": start shall restore
restoring() { echo "$RUN/restoring/$1"; } # "SANDBOX": the sandbox was restored and waits for its containers

# A sandbox that waits for its containers hears nothing, no signal of runsc's either: its process is ended.
end_sandbox() {
  pid=$("$RUNSC" $root state "$1" 2>/dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
  [ "${pid:-0}" -gt 1 ] && kill -9 "$pid" 2>/dev/null
  rm -f "$(restoring "$1")"
}

# The sandbox can't be brought to life any more: end it, kubelet makes a new one, which starts cold.
give_up() {
  ask 2000 failed "$1" "$2" >/dev/null
  rm -f "$planned"
  end_sandbox "$1"
}

# An init container that did not run: it has ended well.
skipped=$RUN/skipped/$id
if [ -e "$skipped" ]; then
  case $verb in
    start) echo stopped >"$skipped" && exit 0 ;;
    kill) exit 0 ;;
    wait) printf '{"id":"%s","exitStatus":0}\n' "$id" && exit 0 ;;
    state) printf '{"ociVersion":"1.2.0","id":"%s","status":"%s","pid":0,"bundle":""}\n' "$id" "$(cat "$skipped")" && exit 0 ;;
    delete)
      rm -f "$skipped"
      exit 0
      ;;
  esac
fi

case $verb in
  kill)
    if [ -e "$RUN/restoring/$id" ]; then
      read -r sandbox <"$RUN/restoring/$id"
      if [ -e "$RUN/restoring/$sandbox" ]; then
        timeout 3 "$RUNSC" "$@" && exit 0
        ask 2000 failed "$sandbox" "the Pod was stopped before all of its containers were restored" >/dev/null
        end_sandbox "$sandbox"
        exit 0
      fi
    fi
    case $signal in
      15 | TERM | SIGTERM) [ ! -e "$RUN/on-delete/$id" ] || ask $STOP_DEADLINE_MS stopping "$id" >/dev/null ;;
    esac
    exec "$RUNSC" "$@"
    ;;
  delete)
    [ -e "$RUN/on-delete/$id" ] && rm -f "$RUN/on-delete/$id"
    [ -e "$planned" ] && rm -f "$planned"
    [ -e "$RUN/restoring/$id" ] && rm -f "$RUN/restoring/$id"
    exec "$RUNSC" "$@"
    ;;
  create)
    answer=
    [ -S "$RUN/hook.sock" ] && answer=$(ask $CREATE_DEADLINE_MS create "$id" "$bundle")
    case $answer in
      plan\ *) mkdir -p "$RUN/planned" && echo "${answer#plan }" >"$planned" ;;
      skip)
        # The pid is the shim's: it is asked for, but nothing is done with that of a container that has ended.
        mkdir -p "$RUN/skipped" && echo created >"$skipped" && printf %s "$PPID" >"$pidfile" && exit 0
        rm -f "$skipped"
        ;;
      files)
        answer=$(ask $START_DEADLINE_MS files "$id")
        case $answer in
          files\ *)
            directory=${answer#files }
            create_with_files "$@" && exit 0
            ask 2000 failed "$id" "$(last_error)" >/dev/null
            ;;
        esac
        ;;
      *)
        # A container of a sandbox that was restored, but the restorer forgot it: it can't be started plainly.
        if [ -d "$RUN/restoring" ] && [ -n "$(ls "$RUN/restoring")" ]; then
          sandbox=$(sed -n 's/.*"io.kubernetes.cri.sandbox-id": *"\([0-9a-f]*\)".*/\1/p' "$bundle/config.json" | head -n 1)
          if [ -n "$sandbox" ] && [ "$sandbox" != "$id" ] && [ -e "$RUN/restoring/$sandbox" ]; then
            give_up "$sandbox" "the restorer lost the plan of this sandbox"
            echo "pod snapshot: the plan of sandbox $sandbox was lost; a new sandbox will start cold" >&2
            exit 1
          fi
        fi
        ;;
    esac
    exec "$RUNSC" "$@"
    ;;
  start)
    [ -e "$planned" ] || exec "$RUNSC" "$@"
    read -r sandbox _ <"$planned"
    rm -f "$planned"
    if [ "$sandbox" = "$id" ]; then
      answer=$(ask $START_DEADLINE_MS start "$id")
      case $answer in
        restore\ *) directory=${answer#restore } ;;
        *) exec "$RUNSC" "$@" ;;
      esac
    fi
    if [ "$sandbox" = "$id" ]; then
      mkdir -p "$RUN/restoring" && echo "$id" >"$(restoring "$id")"
      restore "$@" && exit 0
      # Told that the sandbox runs, the shim sees at once that it has ended, and kubelet makes a new one. Told that it
      # does not, containerd waits a minute for the end of what never began.
      give_up "$id" "$(last_error)"
      exit 0
    fi
    echo "$sandbox" >"$(restoring "$id")"
    restore "$@"
    status=$?
    if [ $status = 0 ]; then
      ask 2000 restored "$id" >/dev/null
      exit 0
    fi
    give_up "$sandbox" "$(last_error)"
    exit $status
    ;;
esac
exec "$RUNSC" "$@"
