// raw-put sends a file by plain media uploads of its parts, from the page cache into sockets, and does nothing else: no
// composition, no retries, and no checksums unless asked. With many connections it is the limit of machine, loopback and
// server; with one and its checksum compared with the server's it is the one-stream upload.
//
//	raw-put ENDPOINT BUCKET OBJECT FILE CONNECTIONS PART_MIB [check]     prints millis=…
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func main() {
	target, err := url.Parse(os.Args[1])
	check(err)
	bucket, object := os.Args[2], os.Args[3]
	info, err := os.Stat(os.Args[4])
	check(err)
	connections, err := strconv.Atoi(os.Args[5])
	check(err)
	mib, err := strconv.ParseInt(os.Args[6], 10, 64)
	check(err)
	compare := len(os.Args) > 7
	part := mib << 20
	if part == 0 {
		part = info.Size()
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	begin := time.Now()
	for range connections {
		wait.Go(func() {
			file, err := os.Open(os.Args[4])
			check(err)
			conn, err := net.Dial("tcp", target.Host)
			check(err)
			answers := bufio.NewReader(conn)
			buffer := make([]byte, 256<<10)
			for {
				index := next.Add(1) - 1
				from := index * part
				if from >= info.Size() {
					return
				}
				length := min(part, info.Size()-from)
				fmt.Fprintf(conn, "POST /upload/storage/v1/b/%s/o?uploadType=media&name=%s.%d HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n",
					bucket, url.QueryEscape(object), index, target.Host, length)
				sum := uint32(0)
				for at := int64(0); at < length; {
					n, err := file.ReadAt(buffer[:min(int64(len(buffer)), length-at)], from+at)
					if n == 0 {
						check(err)
					}
					if compare {
						sum = crc32.Update(sum, castagnoli, buffer[:n])
					}
					_, err = conn.Write(buffer[:n])
					check(err)
					at += int64(n)
				}
				answer, err := http.ReadResponse(answers, nil)
				check(err)
				text, err := io.ReadAll(answer.Body)
				check(err)
				if answer.StatusCode != 200 {
					log.Fatal(answer.Status)
				}
				expected := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
				if compare && !bytes.Contains(text, []byte(expected)) {
					log.Fatal("another checksum than ", expected, ": ", string(text))
				}
			}
		})
	}
	wait.Wait()
	fmt.Printf("millis=%.1f\n", float64(time.Since(begin).Microseconds())/1000)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
