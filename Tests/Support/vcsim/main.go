// A vCenter for the tests: the simulator of the govmomi library (Debian's golang-github-vmware-govmomi-dev), with a front that
// adds what the library leaves out and a real vCenter has: requests to /folder need a logged-in session (401 otherwise), a new
// file is answered 201, a directory has to exist, and a datastore can be full (507). The datastores are directories that stay
// when the simulator is started again, with everything else new, sessions above all. SIGUSR1 ends all sessions, and removes the
// file "ending" from the directory of the datastores when it has.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
)

const currentTime = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime></Body></Envelope>`

// The sessions that clients have shown, and those that SIGUSR1 has ended.
type sessions struct {
	sync.Mutex
	seen, ended map[string]bool
}

// live tells whether the request's session goes on, as far as SIGUSR1 matters.
func (s *sessions) live(value string) bool {
	s.Lock()
	defer s.Unlock()
	s.seen[value] = true
	return !s.ended[value]
}

func (s *sessions) endAll() {
	s.Lock()
	defer s.Unlock()
	for value := range s.seen {
		s.ended[value] = true
	}
}

func session(r *http.Request) string {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return ""
	}
	return strings.Trim(cookie.Value, `"`)
}

type vcenter struct {
	service  *simulator.Service
	sessions sessions
	// Bytes that the last datastore of each datacenter has room for.
	small int64
}

func (v *vcenter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if value := session(r); value != "" && !v.sessions.live(value) {
		r.Header.Del("Cookie")
	}
	if strings.HasPrefix(r.URL.Path, "/folder/") {
		v.folder(w, r)
		return
	}
	v.service.ServeMux.ServeHTTP(w, r)
}

// authenticated asks the simulator itself, with a call that it refuses without a session.
func (v *vcenter) authenticated(r *http.Request) bool {
	value := session(r)
	if value == "" {
		return false
	}
	ask := httptest.NewRequest(http.MethodPost, "/sdk", strings.NewReader(currentTime))
	ask.AddCookie(&http.Cookie{Name: soap.SessionCookieName, Value: value})
	answer := httptest.NewRecorder()
	v.service.ServeMux.ServeHTTP(answer, ask)
	return answer.Code == http.StatusOK
}

// locate tells which local file a request for /folder/PATH?dcPath=&dsName= means, and how much room there is.
func (v *vcenter) locate(r *http.Request) (string, int64, bool) {
	ctx := context.Background()
	client, err := vim25.NewClient(ctx, v.service)
	if err != nil {
		return "", 0, false
	}
	finder := find.NewFinder(client, false)
	dc, err := finder.DatacenterOrDefault(ctx, r.URL.Query().Get("dcPath"))
	if err != nil {
		return "", 0, false
	}
	ds, err := finder.SetDatacenter(dc).DatastoreOrDefault(ctx, r.URL.Query().Get("dsName"))
	if err != nil {
		return "", 0, false
	}
	store := simulator.Map.Get(ds.Reference()).(*simulator.Datastore)
	name := path.Clean("/" + strings.TrimPrefix(r.URL.Path, "/folder/"))
	return path.Join(store.Info.GetDatastoreInfo().Url, name), store.Summary.FreeSpace, true
}

func (v *vcenter) folder(w http.ResponseWriter, r *http.Request) {
	if !v.authenticated(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	file, free, ok := v.locate(r)
	if !ok {
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	switch r.Method {
	case http.MethodPut:
		put(w, r, file, free, v.small)
	case http.MethodGet, http.MethodHead:
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			http.Error(w, "Not Found", http.StatusNotFound)
			return
		}
		http.ServeFile(w, r, file)
	default:
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	}
}

func put(w http.ResponseWriter, r *http.Request, file string, free, small int64) {
	_, err := os.Stat(file)
	isNew := os.IsNotExist(err)
	out, err := os.Create(file)
	if err != nil {
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	defer out.Close()
	body := io.Reader(r.Body)
	if free == small {
		body = io.LimitReader(body, small+1)
	}
	count, err := io.Copy(out, body)
	switch {
	case err != nil:
		http.Error(w, "Bad Request", http.StatusBadRequest)
	case free == small && count > small:
		http.Error(w, "Insufficient Storage", http.StatusInsufficientStorage)
	case isNew:
		w.WriteHeader(http.StatusCreated)
	}
}

func main() {
	listen := flag.String("l", "", "address to listen on")
	data := flag.String("data", "", "directory of the datastores")
	cert := flag.String("cert", "", "certificate file")
	key := flag.String("key", "", "key file")
	user := flag.String("user", "glance", "user name; the password is VCSIM_PASSWORD")
	small := flag.Int64("small", 1<<20, "bytes that the last datastore of each datacenter has room for")
	flag.Parse()

	model := simulator.VPX()
	model.Datacenter = 2 // DC0 and F0/DC1
	model.Folder = 1
	model.Datastore = 3
	model.Host = 1
	model.Cluster = 0
	model.Machine = 0
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	for _, entity := range simulator.Map.All("Datastore") {
		ds := entity.(*simulator.Datastore)
		info := ds.Info.GetDatastoreInfo()
		made := info.Url // govcsim-DC0-LocalDS_0-NUMBER in the temporary directory
		os.Remove(made)
		name := path.Base(made)
		name = strings.TrimPrefix(name[:strings.LastIndex(name, "-")], "govcsim-")
		info.Url = filepath.Join(*data, name)
		ds.Summary.Url = info.Url
		if err := os.MkdirAll(info.Url, 0700); err != nil {
			log.Fatal(err)
		}
		if strings.HasSuffix(ds.Name, "_2") {
			ds.Summary.FreeSpace = *small
			info.FreeSpace = *small
		}
	}

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	service := model.Service
	service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(*user, os.Getenv("VCSIM_PASSWORD"))}
	service.RegisterEndpoints = true
	service.ServeMux = http.NewServeMux()
	service.NewServer() // its own listener is not used

	front := &vcenter{
		service: service, small: *small,
		sessions: sessions{seen: map[string]bool{}, ended: map[string]bool{}},
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			front.sessions.endAll()
			os.Remove(filepath.Join(*data, "ending"))
		}
	}()
	server := &http.Server{
		Addr: *listen, Handler: front,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
		// HTTP/1.1 only, as vCenter.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	if err := server.ListenAndServeTLS("", ""); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
