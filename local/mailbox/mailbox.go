// Package mailbox is the mail server of a machine that must not send mail: it
// accepts every letter over SMTP, keeps it, and shows it on a page. Nothing
// leaves the machine.
package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// Mailbox keeps the letters it was given. It is safe for concurrent use.
type Mailbox struct {
	dir string
	now func() time.Time

	mu       sync.Mutex
	messages []Message // oldest first
	refusing bool
	changed  chan struct{} // closed and replaced when a message arrives
}

// New opens the mailbox that keeps its letters in dir as .eml files, or only in
// memory when dir is empty. Letters of an earlier run are read back.
func New(dir string, now func() time.Time) (*Mailbox, error) {
	m := &Mailbox{dir: dir, now: now, changed: make(chan struct{})}
	if dir == "" {
		return m, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mailbox: making its folder: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		return nil, fmt.Errorf("mailbox: listing letters: %w", err)
	}
	slices.Sort(files) // the names are UUIDv7, so this is the order of arrival
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("mailbox: reading a letter: %w", err)
		}
		message, err := parse(strings.TrimSuffix(filepath.Base(file), ".eml"), raw)
		if err != nil {
			continue // cut short by a killed run
		}
		m.messages = append(m.messages, message)
	}
	return m, nil
}

// Follow dates the letters that arrive from now on by another clock.
func (m *Mailbox) Follow(now func() time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
}

// Messages lists the letters to one address, newest first; every letter when to
// is empty. Addresses are compared without regard to case.
func (m *Mailbox) Messages(to string) []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := []Message{}
	for _, message := range slices.Backward(m.messages) {
		if to == "" || message.isTo(to) {
			found = append(found, message)
		}
	}
	return found
}

// Message finds one letter by the id the mailbox gave it.
func (m *Mailbox) Message(id string) (Message, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range m.messages {
		if message.ID == id {
			return message, true
		}
	}
	return Message{}, false
}

// Await returns the newest letter that fits, waiting for it until ctx ends.
func (m *Mailbox) Await(ctx context.Context, fits func(Message) bool) (Message, error) {
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		for _, message := range m.Messages("") {
			if fits(message) {
				return message, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("mailbox: waiting for a letter: %w", ctx.Err())
		}
	}
}

// Refuse makes the mailbox answer 451 to every letter, as a mail server in
// trouble does, until it is called with false.
func (m *Mailbox) Refuse(refuse bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusing = refuse
}

// Clear deletes every letter.
func (m *Mailbox) Clear() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var failed []error
	for _, message := range m.messages {
		if m.dir == "" {
			break
		}
		if err := os.Remove(m.file(message.ID)); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	m.messages = nil
	return errors.Join(failed...)
}

// Serve answers SMTP on mail and shows the letters on pages until ctx ends,
// then closes both listeners and returns nil.
func (m *Mailbox) Serve(ctx context.Context, mail, pages net.Listener) error {
	smtpServer := smtp.NewServer(backend{m})
	smtpServer.Domain = "mailbox.localhost"
	smtpServer.MaxMessageBytes = 32 << 20
	smtpServer.MaxRecipients = 100
	smtpServer.ReadTimeout = time.Minute
	smtpServer.WriteTimeout = time.Minute
	smtpServer.EnableSMTPUTF8 = true
	smtpServer.ErrorLog = silent{} // its lines carry what clients sent

	httpServer := &http.Server{Handler: m.Handler(), ReadHeaderTimeout: 10 * time.Second}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := smtpServer.Serve(mail); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			return fmt.Errorf("mailbox: serving SMTP: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		if err := httpServer.Serve(pages); err != nil && !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("mailbox: serving pages: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		// Close, not Shutdown: a mail server that goes away takes open
		// connections with it, and the caller's next start needs the port.
		_ = smtpServer.Close()
		_ = httpServer.Close()
		_ = mail.Close()
		_ = pages.Close()
		return nil
	})
	return group.Wait()
}

// accept stores one letter, on disk before in memory: an accepted letter
// survives a kill.
func (m *Mailbox) accept(from string, to []string, raw []byte) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("mailbox: making an id: %w", err)
	}
	m.mu.Lock()
	now := m.now
	m.mu.Unlock()
	raw = withEnvelope(envelope{from: from, to: to, received: now()}, raw)
	message, err := parse(id.String(), raw)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir != "" {
		partial := m.file(id.String()) + ".partial"
		if err := os.WriteFile(partial, raw, 0o600); err != nil {
			return fmt.Errorf("mailbox: keeping a letter: %w", err)
		}
		if err := os.Rename(partial, m.file(id.String())); err != nil {
			return fmt.Errorf("mailbox: keeping a letter: %w", err)
		}
	}
	m.messages = append(m.messages, message)
	close(m.changed)
	m.changed = make(chan struct{})
	return nil
}

func (m *Mailbox) file(id string) string { return filepath.Join(m.dir, id+".eml") }

func (m *Mailbox) isRefusing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refusing
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
