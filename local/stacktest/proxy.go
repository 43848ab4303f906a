package stacktest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy stands before a part so that a test can take the part away: from whom goes
// through it, and from nobody else.
type Proxy struct {
	Address string // host:port to go through
	backend string

	mutex  sync.Mutex
	down   bool
	silent bool
	open   []net.Conn
}

// Before is a proxy before the part at host:port, which passes everything on.
func Before(t testing.TB, backend string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening before %s: %v", backend, err)
	}
	p := &Proxy{Address: listener.Addr().String(), backend: backend}
	ended := make(chan struct{})
	go func() { defer close(ended); p.serve(listener) }()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
		p.Cut()
	})
	return p
}

// Down takes the part away: connections break and no new one can be made.
func (p *Proxy) Down() { p.set(true, false); p.Cut() }

// Silent leaves connections open and swallows what is said.
func (p *Proxy) Silent() { p.set(false, true) }

// Up brings the part back. Connections that were silent break.
func (p *Proxy) Up() {
	p.mutex.Lock()
	silent := p.silent
	p.mutex.Unlock()
	if silent {
		p.Cut()
	}
	p.set(false, false)
}

// Away says whether the part is away, or silent.
func (p *Proxy) Away() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.down || p.silent
}

// Cut breaks the connections that there are; new ones can be made.
func (p *Proxy) Cut() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, connection := range p.open {
		_ = connection.Close()
	}
	p.open = nil
}

func (p *Proxy) set(down, silent bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.down, p.silent = down, silent
}

func (p *Proxy) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.backend)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mutex.Lock()
		down := p.down
		if !down {
			p.open = append(p.open, client, server)
		}
		p.mutex.Unlock()
		if down {
			_, _ = client.Close(), server.Close()
			continue
		}
		go p.pass(server, client)
		go p.pass(client, server)
	}
}

func (p *Proxy) pass(to, from net.Conn) {
	defer to.Close()
	_, _ = io.Copy(audible{to, p}, from)
}

// audible passes on what is written while the proxy is not silent.
type audible struct {
	io.Writer
	proxy *Proxy
}

func (a audible) Write(bytes []byte) (int, error) {
	a.proxy.mutex.Lock()
	silent := a.proxy.silent
	a.proxy.mutex.Unlock()
	if silent {
		return len(bytes), nil
	}
	return a.Writer.Write(bytes)
}
