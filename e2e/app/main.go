// The Pod of the end-to-end tests: it holds state that only this process has (a random id, a counter, bytes in memory),
// so that a restored process can be told from a new one.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func number(name string) int {
	n, _ := strconv.Atoi(os.Getenv(name))
	return n
}

var (
	count      atomic.Int64
	maxGap     atomic.Int64
	checkpoint atomic.Value
	once       sync.Mutex
)

// Writes to /proc/gvisor/checkpoint and reads what became of it: "resume" here, "restore" in the copy.
func checkpointSelf() string {
	once.Lock()
	defer once.Unlock()
	f, err := os.OpenFile("/proc/gvisor/checkpoint", os.O_RDWR, 0)
	if err != nil {
		return "open: " + err.Error()
	}
	defer f.Close()
	if _, err := f.Write([]byte("1")); err != nil {
		return "write: " + err.Error()
	}
	text := make([]byte, 64)
	n, err := f.ReadAt(text, 0)
	if n == 0 && err != nil {
		return "read: " + err.Error()
	}
	for n > 0 && text[n-1] == '\n' {
		n--
	}
	return string(text[:n])
}

func main() {
	held := make([]byte, number("MEM_MIB")<<20)
	rand.Read(held)
	time.Sleep(time.Duration(number("WARM_MS")) * time.Millisecond)
	random := make([]byte, 8)
	rand.Read(random)
	id := hex.EncodeToString(random)
	// As an init container: it leaves a note and ends.
	if path := os.Getenv("WRITE_AND_EXIT"); path != "" {
		if err := os.WriteFile(path, []byte("prepared by "+id), 0o644); err != nil {
			panic(err)
		}
		return
	}
	started := time.Now().Format(time.RFC3339Nano)
	checkpoint.Store("")

	go func() {
		for {
			count.Add(1)
			time.Sleep(100 * time.Millisecond)
		}
	}()
	go func() {
		last := time.Now().Round(0)
		for {
			time.Sleep(2 * time.Millisecond)
			now := time.Now().Round(0)
			if gap := now.Sub(last).Milliseconds(); gap > maxGap.Load() {
				maxGap.Store(gap)
			}
			last = now
		}
	}()
	if ms := number("SELF_CHECKPOINT_MS"); ms > 0 {
		go func() {
			time.Sleep(time.Duration(ms) * time.Millisecond)
			checkpoint.Store(checkpointSelf())
		}()
	}

	http.HandleFunc("/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		text := checkpointSelf()
		checkpoint.Store(text)
		fmt.Fprintln(w, text)
	})
	http.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		// Not /tmp: gVisor mounts a tmpfs of its own there.
		os.MkdirAll("/files", 0o755)
		path := filepath.Join("/files", filepath.Base(r.URL.Query().Get("name")))
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			if err := os.WriteFile(path, body, 0o644); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			return
		}
		http.ServeFile(w, r, path)
	})
	http.HandleFunc("/exit", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Query().Get("code"))
		os.Exit(code)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		hostname, _ := os.Hostname()
		json.NewEncoder(w).Encode(map[string]any{
			"id": id, "count": count.Load(), "hostname": hostname, "started": started, "checkpoint": checkpoint.Load(),
			"maxGapMs": maxGap.Swap(0), "memoryCrc": crc32.ChecksumIEEE(held),
		})
	})
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	fmt.Println("ready", id)
	panic(http.ListenAndServe(":"+port, nil))
}
