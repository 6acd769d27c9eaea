module podsnapshot.dev/bench/raw-put

go 1.26
