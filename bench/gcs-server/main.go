// gcs-server is a server for benchmarks that has the shape of Cloud Storage's JSON API and costs as little as such a
// server can: of each body it computes the CRC32C and, with -keep, remembers the bytes. Composing joins lists and
// checksums, as at Google, and copies nothing. It is not a store: what it knows is gone when it ends.
package main

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const bufferBytes = 1 << 20

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferBytes); return &b }}

// object is immutable once stored.
type object struct {
	segments   [][]byte // nil without -keep
	size       int64
	crc        uint32
	generation int64
	components int
	metadata   map[string]string // the client library looks for its own again
}

type session struct {
	mu        sync.Mutex
	bucket    string
	name      string
	condition string
	received  object
}

type server struct {
	keep       bool
	url        string
	mu         sync.Mutex
	objects    map[string]object // by bucket/name
	generation atomic.Int64
	sessions   sync.Map
	puts       atomic.Int64
	composes   atomic.Int64
	deletes    atomic.Int64
	body       atomic.Int64
}

func main() {
	listen := flag.String("listen", "127.0.0.1:18444", "address")
	limit := flag.Int64("connection-bytes", 0, "bytes a second that one connection may send; 0: no limit")
	link := flag.Int64("link-bytes", 0, "bytes a second that all connections together may send; 0: no limit")
	latency := flag.Duration("latency", 0, "how long each request is under way before it is looked at")
	keep := flag.Bool("keep", false, "remember the bytes, so that they can be read")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{keep: *keep, url: "http://" + listener.Addr().String(), objects: map[string]object{}}
	s.generation.Store(time.Now().UnixMicro())
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(*latency)
		s.ServeHTTP(w, r)
	})
	log.Fatal(http.Serve(cappedListener{listener, *limit, &pace{limit: float64(*link)}}, handler))
}

// cappedListener limits what each connection delivers, and all together, as a network path to a bucket does.
type cappedListener struct {
	net.Listener
	limit int64
	link  *pace
}

func (l cappedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || (l.limit == 0 && l.link.limit == 0) {
		return c, err
	}
	return &cappedConn{Conn: c, own: pace{limit: float64(l.limit)}, link: l.link}, nil
}

// pace is a rate that bytes keep to.
type pace struct {
	limit float64 // bytes a second; 0: any
	mu    sync.Mutex
	next  time.Time // when the bytes that were read until now have paid their time
}

// after tells how long to wait for n bytes that were just read.
func (p *pace) after(n int) time.Duration {
	if p.limit == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.next.Before(now.Add(-10 * time.Millisecond)) {
		p.next = now.Add(-10 * time.Millisecond) // idle time is not saved up
	}
	p.next = p.next.Add(time.Duration(float64(n) / p.limit * float64(time.Second)))
	return p.next.Sub(now)
}

type cappedConn struct {
	net.Conn
	own  pace
	link *pace
}

func (c *cappedConn) Read(p []byte) (int, error) {
	if len(p) > 256<<10 {
		p = p[:256<<10]
	}
	n, err := c.Conn.Read(p)
	if wait := max(c.own.after(n), c.link.after(n)); wait > time.Millisecond {
		time.Sleep(wait)
	}
	return n, err
}

// failure is an answer that is not 2xx.
type failure struct {
	code int
	text string
}

func (f failure) Error() string { return f.text }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.route(w, r)
	var f failure
	switch {
	case errors.As(err, &f):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.code)
		json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": f.code, "message": f.text}})
	case err != nil:
		http.Error(w, err.Error(), 500)
	case answer != nil:
		body, _ := json.Marshal(answer)
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	}
}

func (s *server) route(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Header.Get("Content-Encoding") == "gzip" { // the client library packs its JSON
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, failure{400, err.Error()}
		}
		r.Body = body
	}
	path := r.URL.EscapedPath()
	if path == "/counts" {
		return map[string]int64{"puts": s.puts.Load(), "composes": s.composes.Load(), "deletes": s.deletes.Load(),
			"body": s.body.Load(), "objects": int64(len(s.objects))}, nil
	}
	for _, prefix := range []string{"/resumable/upload/storage/v1/b/", "/upload/storage/v1/b/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			bucket, _, _ := strings.Cut(rest, "/")
			return s.upload(w, r, bucket)
		}
	}
	rest, ok := strings.CutPrefix(path, "/storage/v1/b")
	if !ok {
		rest, ok = strings.CutPrefix(path, "/download/storage/v1/b")
	}
	if !ok {
		return nil, failure{404, "no such address: " + path}
	}
	bucket, rest, found := strings.Cut(strings.TrimPrefix(rest, "/"), "/o")
	if !found {
		if bucket == "" {
			return map[string]any{"kind": "storage#buckets", "items": []any{}}, nil
		}
		return map[string]any{"kind": "storage#bucket", "id": bucket, "name": bucket, "location": "LOCAL",
			"storageClass": "STANDARD", "locationType": "region"}, nil
	}
	rest = strings.TrimPrefix(rest, "/")
	if rest == "" {
		return s.list(bucket, r.URL.Query().Get("prefix")), nil
	}
	if escaped, ok := strings.CutSuffix(rest, "/compose"); ok {
		name, err := url.PathUnescape(escaped)
		if err != nil {
			return nil, failure{400, err.Error()}
		}
		return s.compose(r, bucket, name)
	}
	name, err := url.PathUnescape(rest)
	if err != nil {
		return nil, failure{400, err.Error()}
	}
	switch r.Method {
	case http.MethodDelete:
		return s.delete(w, r, bucket, name)
	case http.MethodGet:
		s.mu.Lock()
		o, ok := s.objects[bucket+"/"+name]
		s.mu.Unlock()
		if !ok {
			return nil, failure{404, "No such object: " + bucket + "/" + name}
		}
		if r.URL.Query().Get("alt") == "media" {
			return nil, s.read(w, r, o)
		}
		return resource(bucket, name, o), nil
	case http.MethodPatch, http.MethodPut:
		s.mu.Lock()
		o := s.objects[bucket+"/"+name]
		s.mu.Unlock()
		return resource(bucket, name, o), nil
	}
	return nil, failure{405, r.Method}
}

func resource(bucket, name string, o object) map[string]any {
	sum := binary.BigEndian.AppendUint32(nil, o.crc)
	result := map[string]any{"kind": "storage#object", "id": bucket + "/" + name, "name": name, "bucket": bucket,
		"size": strconv.FormatInt(o.size, 10), "crc32c": base64.StdEncoding.EncodeToString(sum),
		"generation": strconv.FormatInt(o.generation, 10), "metageneration": "1", "storageClass": "STANDARD",
		"timeCreated": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z"}
	if len(o.metadata) > 0 {
		result["metadata"] = o.metadata
	}
	if o.components > 0 {
		result["componentCount"] = o.components
	}
	return result
}

func (s *server) list(bucket, prefix string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []map[string]any{}
	for key, o := range s.objects {
		if name, ok := strings.CutPrefix(key, bucket+"/"); ok && strings.HasPrefix(name, prefix) {
			items = append(items, resource(bucket, name, o))
		}
	}
	sort.Slice(items, func(i, j int) bool { return items[i]["name"].(string) < items[j]["name"].(string) })
	return map[string]any{"kind": "storage#objects", "items": items}
}

// store keeps the object if the condition (an ifGenerationMatch, or "") holds.
func (s *server) store(bucket, name, condition string, o object) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := bucket + "/" + name
	if condition != "" && condition != strconv.FormatInt(s.objects[key].generation, 10) {
		return nil, failure{412, "At least one of the pre-conditions you specified did not hold."}
	}
	o.generation = s.generation.Add(1)
	s.objects[key] = o
	return resource(bucket, name, o), nil
}

// receive reads a body into an object.
func (s *server) receive(body io.Reader, into *object) error {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		n, err := body.Read(*buffer)
		into.crc = crc32.Update(into.crc, castagnoli, (*buffer)[:n])
		into.size += int64(n)
		s.body.Add(int64(n))
		if s.keep && n > 0 {
			into.segments = append(into.segments, append([]byte(nil), (*buffer)[:n]...))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return failure{400, "the body broke off: " + err.Error()}
		}
	}
}

func (s *server) upload(w http.ResponseWriter, r *http.Request, bucket string) (any, error) {
	query := r.URL.Query()
	if id := query.Get("upload_id"); id != "" {
		return s.resume(w, r, id)
	}
	switch query.Get("uploadType") {
	case "media":
		var o object
		if err := s.receive(r.Body, &o); err != nil {
			return nil, err
		}
		s.puts.Add(1)
		return s.store(bucket, query.Get("name"), query.Get("ifGenerationMatch"), o)
	case "multipart":
		// gsutil quotes its boundary in a way of its own.
		_, params, err := mime.ParseMediaType(strings.ReplaceAll(r.Header.Get("Content-Type"), "'", "\""))
		if err != nil {
			return nil, failure{400, err.Error()}
		}
		parts := multipart.NewReader(r.Body, params["boundary"])
		var described struct {
			Name     string
			Metadata map[string]string
		}
		part, err := parts.NextPart()
		if err == nil {
			err = json.NewDecoder(part).Decode(&described)
		}
		if err == nil {
			part, err = parts.NextPart()
		}
		if err != nil {
			return nil, failure{400, err.Error()}
		}
		o := object{metadata: described.Metadata}
		if err := s.receive(part, &o); err != nil {
			return nil, err
		}
		s.puts.Add(1)
		name := query.Get("name")
		if name == "" {
			name = described.Name
		}
		return s.store(bucket, name, query.Get("ifGenerationMatch"), o)
	case "resumable":
		var described struct {
			Name     string
			Metadata map[string]string
		}
		json.NewDecoder(r.Body).Decode(&described)
		if name := query.Get("name"); name != "" {
			described.Name = name
		}
		id := strconv.FormatInt(s.generation.Add(1), 10)
		s.sessions.Store(id, &session{bucket: bucket, name: described.Name, condition: query.Get("ifGenerationMatch"),
			received: object{metadata: described.Metadata}})
		w.Header().Set("Location", s.url+"/upload/storage/v1/b/"+bucket+"/o?uploadType=resumable&upload_id="+id)
		w.Header().Set("X-GUploader-UploadID", id)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(200)
		return nil, nil
	}
	return nil, failure{400, "unknown uploadType"}
}

// resume takes the next bytes of a session; "bytes */N" asks how many are there.
func (s *server) resume(w http.ResponseWriter, r *http.Request, id string) (any, error) {
	found, ok := s.sessions.Load(id)
	if !ok {
		return nil, failure{404, "no such session"}
	}
	up := found.(*session)
	up.mu.Lock()
	defer up.mu.Unlock()
	if r.Method == http.MethodDelete {
		s.sessions.Delete(id)
		return nil, failure{499, "cancelled"}
	}
	span, total, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Content-Range"), "bytes "), "/")
	if span != "*" {
		if from, _, ok := strings.Cut(span, "-"); ok && from != strconv.FormatInt(up.received.size, 10) {
			return nil, failure{400, fmt.Sprintf("expected byte %d, got %s", up.received.size, span)}
		}
		if err := s.receive(r.Body, &up.received); err != nil {
			return nil, err
		}
	}
	if total == "" || total == strconv.FormatInt(up.received.size, 10) {
		s.sessions.Delete(id)
		s.puts.Add(1)
		return s.store(up.bucket, up.name, up.condition, up.received)
	}
	if up.received.size > 0 {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", up.received.size-1))
	}
	w.Header().Set("Content-Length", "0")
	if r.Header.Get("X-Guploader-No-308") != "" {
		w.Header().Set("X-Http-Status-Code-Override", "308")
		w.WriteHeader(200)
	} else {
		w.WriteHeader(308)
	}
	return nil, nil
}

func (s *server) compose(r *http.Request, bucket, target string) (any, error) {
	var request struct {
		SourceObjects []struct {
			Name                string
			Generation          string
			ObjectPreconditions struct{ IfGenerationMatch string }
		}
		Destination struct{ Metadata map[string]string }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, failure{400, err.Error()}
	}
	if len(request.SourceObjects) > 32 {
		return nil, failure{400, "more than 32 sources"}
	}
	s.composes.Add(1)
	o := object{metadata: request.Destination.Metadata}
	s.mu.Lock()
	for _, source := range request.SourceObjects {
		part, ok := s.objects[bucket+"/"+source.Name]
		if !ok {
			s.mu.Unlock()
			return nil, failure{404, "No such object: " + source.Name}
		}
		for _, wanted := range []string{source.Generation, source.ObjectPreconditions.IfGenerationMatch} {
			if wanted != "" && wanted != strconv.FormatInt(part.generation, 10) {
				s.mu.Unlock()
				return nil, failure{412, "a source has another generation: " + source.Name}
			}
		}
		o.crc = combine(o.crc, part.crc, part.size)
		o.size += part.size
		o.segments = append(o.segments, part.segments...)
		o.components += max(1, part.components)
	}
	s.mu.Unlock()
	return s.store(bucket, target, r.URL.Query().Get("ifGenerationMatch"), o)
}

func (s *server) delete(w http.ResponseWriter, r *http.Request, bucket, name string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[bucket+"/"+name]
	if !ok {
		return nil, failure{404, "No such object: " + name}
	}
	for _, key := range []string{"generation", "ifGenerationMatch"} {
		if wanted := r.URL.Query().Get(key); wanted != "" && wanted != strconv.FormatInt(o.generation, 10) {
			return nil, failure{412, "another generation"}
		}
	}
	delete(s.objects, bucket+"/"+name)
	s.deletes.Add(1)
	w.WriteHeader(204)
	return nil, nil
}

func (s *server) read(w http.ResponseWriter, r *http.Request, o object) error {
	if !s.keep {
		return failure{501, "start the server with -keep to read"}
	}
	from, to := int64(0), o.size-1
	if span, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		a, b, _ := strings.Cut(span, "-")
		from, _ = strconv.ParseInt(a, 10, 64)
		if b != "" {
			to, _ = strconv.ParseInt(b, 10, 64)
		}
		to = min(to, o.size-1)
		if from > to {
			return failure{416, "beyond the end"}
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, o.size))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(to-from+1, 10))
	if r.Header.Get("Range") != "" {
		w.WriteHeader(206)
	}
	at := int64(0)
	for _, segment := range o.segments {
		begin, end := max(from, at), min(to+1, at+int64(len(segment)))
		if begin < end {
			if _, err := w.Write(segment[begin-at : end-at]); err != nil {
				return nil
			}
		}
		at += int64(len(segment))
	}
	return nil
}

// combine gives the CRC32C of two byte strings joined, from those of each and the second's length (zlib's method:
// a CRC followed by zeros is a product with a power of a matrix over GF(2)).
func combine(first, second uint32, length int64) uint32 {
	var odd, even [32]uint32
	odd[0] = crc32.Castagnoli
	for n := 1; n < 32; n++ {
		odd[n] = 1 << (n - 1)
	}
	square(&even, &odd)
	square(&odd, &even)
	for {
		square(&even, &odd)
		if length&1 != 0 {
			first = times(&even, first)
		}
		if length >>= 1; length == 0 {
			break
		}
		square(&odd, &even)
		if length&1 != 0 {
			first = times(&odd, first)
		}
		if length >>= 1; length == 0 {
			break
		}
	}
	return first ^ second
}

func times(matrix *[32]uint32, vector uint32) (sum uint32) {
	for i := 0; vector != 0; i, vector = i+1, vector>>1 {
		if vector&1 != 0 {
			sum ^= matrix[i]
		}
	}
	return sum
}

func square(into, matrix *[32]uint32) {
	for n := range into {
		into[n] = times(matrix, matrix[n])
	}
}
