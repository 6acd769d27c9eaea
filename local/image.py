"""Writes an OCI image archive from files, without a container engine.

image.py OUT.tar REF --entrypoint '["/x"]' [--env K=V]... [--workdir DIR] [--user UID] [--layer DEST=SRC[,DEST=SRC]...]...

Each --layer is one layer; a SRC may be a file or a folder (taken with what is below). Layers are plain tars and the
same input gives the same bytes, so that a layer that did not change is not stored again by containerd.
"""

import argparse
import hashlib
import io
import json
import os
import tarfile


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def clean(info):
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info


def layer(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        seen = set()
        for entry in entries.split(","):
            dest, source = entry.split("=", 1)
            parts = dest.strip("/").split("/")
            for i in range(1, len(parts)):
                parent = "/".join(parts[:i])
                if parent not in seen:
                    seen.add(parent)
                    info = clean(tarfile.TarInfo(parent))
                    info.type, info.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(info)
            tree = [source]
            if os.path.isdir(source) and not os.path.islink(source):
                for folder, folders, files in os.walk(source):
                    folders.sort()
                    tree += [os.path.join(folder, name) for name in sorted(files + folders)]
            for path in tree:
                name = dest.strip("/") + path[len(source) :]
                name = name.strip("/")
                if not name or name in seen:
                    continue
                seen.add(name)
                info = clean(tar.gettarinfo(path, name))
                if info.isreg():
                    with open(path, "rb") as file:
                        tar.addfile(info, file)
                else:
                    tar.addfile(info)
    return buffer.getvalue()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("ref")
    parser.add_argument("--entrypoint", required=True)
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--workdir", default="/")
    parser.add_argument("--user", default="")
    parser.add_argument("--layer", action="append", default=[])
    args = parser.parse_args()

    layers = [layer(entries) for entries in args.layer]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Entrypoint": json.loads(args.entrypoint),
                "Env": ["PATH=/opt/java/bin:/usr/bin:/bin"] + args.env,
                "WorkingDir": args.workdir,
                "User": args.user,
            },
            "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]},
            "history": [{"created": "2026-01-01T00:00:00Z"} for _ in layers],
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(config), "size": len(config)},
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(data), "size": len(data)}
                for data in layers
            ],
        }
    ).encode()
    index = json.dumps(
        {
            "schemaVersion": 2,
            "manifests": [
                {
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": digest(manifest),
                    "size": len(manifest),
                    "annotations": {"io.containerd.image.name": args.ref, "org.opencontainers.image.ref.name": args.ref},
                }
            ],
        }
    ).encode()
    with tarfile.open(args.out + ".new", "w") as tar:
        blobs = {digest(data): data for data in [config, manifest] + layers}
        files = [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", index)]
        for name, data in files + [("blobs/sha256/" + d[7:], data) for d, data in blobs.items()]:
            info = clean(tarfile.TarInfo(name))
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    os.replace(args.out + ".new", args.out)


main()
