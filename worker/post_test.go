package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/notices"
	"peercert/worker"
)

// post is a mail server that lets a test do something before it answers.
type post struct {
	address string
	// before is called with each command, and with "." at the end of a letter.
	before func(command string)
	taken  atomic.Int64 // letters
}

// postFor gives the rig's worker a mail server of this kind.
func (r *rig) postFor(before func(command string)) *post {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = listener.Close() })
	p := &post{address: listener.Addr().String(), before: before}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go p.talk(textproto.NewConn(connection))
		}
	}()
	r.parts.Letters, err = notices.NewSender(notices.Options{
		Letterhead: notices.Letterhead{Operator: r.settings.Operator, PublicURL: r.settings.PublicURL},
		Address:    p.address, From: r.settings.MailFrom, Now: time.Now,
	})
	require.NoError(r.t, err)
	return p
}

func (p *post) talk(client *textproto.Conn) {
	defer client.Close()
	answer := "220 ready"
	for client.PrintfLine("%s", answer) == nil {
		line, err := client.ReadLine()
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(line, " ")
		p.before(command)
		switch command {
		case "DATA":
			if client.PrintfLine("354 go on") != nil {
				return
			}
			if _, err := client.ReadDotBytes(); err != nil {
				return
			}
			p.before(".")
			p.taken.Add(1)
			answer = "250 taken"
		case "QUIT":
			answer = "221 bye"
		default:
			answer = "250 fine"
		}
	}
}

// standing is how the only code of a rig stands.
type standing struct {
	Delivered, Sent bool
	Free            bool // whoever comes next can take it
	Tries           int
}

func (r *rig) code() (code standing) {
	r.t.Helper()
	sql, err := pgx.Connect(context.Background(), r.settings.DatabaseURL)
	require.NoError(r.t, err)
	defer sql.Close(context.Background())
	require.NoError(r.t, sql.QueryRow(context.Background(), `SELECT i.processed_at IS NOT NULL, n.sent_at IS NOT NULL,
		i.next_try_at <= now() AND n.claimed_until IS NULL, i.tries FROM inbox i, notices n`).Scan(&code.Delivered, &code.Sent, &code.Free, &code.Tries))
	return code
}

// stopping runs a worker. Stop tells it to stop, and does not wait until it has stopped.
func (r *rig) stopping() (stop func(), stopped <-chan error) {
	r.t.Helper()
	log := new(lines)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		defer close(done)
		done <- worker.ServeWith(ctx, r.parts, worker.ActivitiesOf(r.parts), slog.New(slog.NewTextHandler(log, nil)))
	}()
	r.t.Cleanup(func() { cancel(); <-done })
	says := func(words string) {
		r.t.Helper()
		r.until("the worker to say so", func() error {
			if len(log.with(words)) == 0 {
				return errors.New("it does not say: " + words)
			}
			return nil
		})
	}
	says("the worker serves")
	return func() {
		r.t.Helper()
		cancel()
		says("the worker finishes what it began")
	}, done
}

// A letter that the mail server is just taking when the worker stops goes out once: the
// worker waits for the answer, and writes it down.
func TestALetterUnderWayIsFinishedWhenTheWorkerStops(t *testing.T) {
	r := newRig(t)
	r.parts.Settings.ShutdownTimeout = time.Minute
	entered, answer := make(chan struct{}, 10), make(chan struct{})
	mail := r.postFor(func(command string) {
		if command == "." {
			entered <- struct{}{}
			<-answer
		}
	})
	stop, stopped := r.stopping()
	_, err := r.parts.Cases.OpenSignIn(t.Context(), r.key(), "person@example.test", "en", "")
	require.NoError(t, err)
	<-entered
	stop()
	close(answer)
	require.NoError(t, <-stopped)
	require.Equal(t, standing{Delivered: true, Sent: true, Tries: 1}, r.code())
	require.EqualValues(t, 1, mail.taken.Load())
}

// What a stopping worker cannot finish in its time is free for the next one at once.
func TestALetterThatTheStopCutsOffIsFreeAtOnce(t *testing.T) {
	r := newRig(t)
	r.parts.Settings.ShutdownTimeout = 100 * time.Millisecond
	entered, never := make(chan struct{}, 10), make(chan struct{})
	t.Cleanup(func() { close(never) })
	r.postFor(func(command string) {
		if command == "DATA" {
			entered <- struct{}{}
			<-never
		}
	})
	stop, stopped := r.stopping()
	_, err := r.parts.Cases.OpenSignIn(t.Context(), r.key(), "person@example.test", "en", "")
	require.NoError(t, err)
	<-entered
	stop()
	require.NoError(t, <-stopped)
	require.Equal(t, standing{Free: true, Tries: 1}, r.code())
}

// A letter that the server took is sent, even where whoever sent it has gone meanwhile.
func TestALetterThatWasTakenIsMarkedAsSent(t *testing.T) {
	r := newRig(t)
	ctx, leave := context.WithCancel(t.Context())
	mail := r.postFor(func(command string) {
		if command == "QUIT" { // the client has read the yes
			leave()
		}
	})
	_, err := r.parts.Cases.OpenSignIn(t.Context(), r.key(), "person@example.test", "en", "")
	require.NoError(t, err)
	sql, err := pgx.Connect(t.Context(), r.settings.DatabaseURL)
	require.NoError(t, err)
	defer sql.Close(context.WithoutCancel(t.Context()))
	var id string
	require.NoError(t, sql.QueryRow(t.Context(), "SELECT id FROM notices").Scan(&id))

	require.NoError(t, worker.ActivitiesOf(r.parts).Notices.SendNotice(ctx, id))
	require.Error(t, ctx.Err())
	require.True(t, r.code().Sent)
	require.EqualValues(t, 1, mail.taken.Load())
}
