module podsnapshot.dev/bench/fill

go 1.26
