module podsnapshot.dev/bench/gcs-server

go 1.26
