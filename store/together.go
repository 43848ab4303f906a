package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// transaction is one transaction in as few journeys to the database as it can do
// with: whoever decides waits for each, and a case waits with them. What asks for no
// answer (BEGIN, and statements that sqlc knows as :exec) waits, and goes together
// with the next question, or with COMMIT. So a step of a case, which asks two things
// and then writes four or more, takes three journeys instead of one for each.
//
// A statement that fails is therefore reported by the call that takes it along, at
// the latest by commit; nothing after it is done, and nothing is kept.
type transaction struct {
	connection *pgxpool.Conn
	waiting    pgx.Batch
}

func begin(ctx context.Context, pool *pgxpool.Pool) (*transaction, error) {
	connection, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	t := &transaction{connection: connection}
	t.waiting.Queue("begin")
	return t, nil
}

// Exec keeps a statement for the next journey. One whose number of rows is asked for
// goes at once.
func (t *transaction) Exec(ctx context.Context, query string, arguments ...any) (pgconn.CommandTag, error) {
	if name, _, _ := strings.Cut(query, "\n"); strings.HasSuffix(strings.TrimSpace(name), " :exec") {
		t.waiting.Queue(query, arguments...)
		return pgconn.CommandTag{}, nil
	}
	if err := t.send(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.connection.Exec(ctx, query, arguments...)
}

// Query asks for rows, after everything that waits.
func (t *transaction) Query(ctx context.Context, query string, arguments ...any) (pgx.Rows, error) {
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	return t.connection.Query(ctx, query, arguments...)
}

// QueryRow asks for one row, and takes along everything that waits.
func (t *transaction) QueryRow(ctx context.Context, query string, arguments ...any) pgx.Row {
	batch, before := t.take()
	batch.Queue(query, arguments...)
	results := t.connection.SendBatch(ctx, batch)
	return oneRow{results, read(results, before)}
}

// oneRow is the last answer of a journey.
type oneRow struct {
	results pgx.BatchResults
	err     error // of what went before
}

func (r oneRow) Scan(into ...any) error {
	err := r.err
	if err == nil {
		err = r.results.QueryRow().Scan(into...)
	}
	return first(err, r.results.Close())
}

// send makes a journey with everything that waits.
func (t *transaction) send(ctx context.Context) error {
	batch, number := t.take()
	if number == 0 {
		return nil
	}
	results := t.connection.SendBatch(ctx, batch)
	err := read(results, number)
	return first(err, results.Close())
}

func (t *transaction) take() (*pgx.Batch, int) {
	batch := t.waiting
	t.waiting = pgx.Batch{}
	return &batch, batch.Len()
}

func read(results pgx.BatchResults, number int) error {
	for range number {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	return nil
}

// first is the error that came first: what follows it says only that all is over.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// commit makes the last journey.
func (t *transaction) commit(ctx context.Context) error {
	batch, before := t.take()
	batch.Queue("commit")
	results := t.connection.SendBatch(ctx, batch)
	err := read(results, before)
	var done pgconn.CommandTag
	if err == nil {
		done, err = results.Exec()
	}
	if err = first(err, results.Close()); err == nil && done.String() != "COMMIT" {
		err = pgx.ErrTxCommitRollback // a statement had failed, and the function went on
	}
	return err
}

// end gives the connection back, and leaves nothing of a transaction that was not
// committed. A connection that cannot even do that is closed by the pool, which ends
// the transaction too.
func (t *transaction) end(ctx context.Context) {
	if t.connection.Conn().PgConn().TxStatus() != 'I' {
		_, _ = t.connection.Exec(ctx, "rollback")
	}
	t.connection.Release()
}
