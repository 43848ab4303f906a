package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"peercert/store/queries"
)

// ErrUnavailable marks errors of a database that is down, full or too slow: the
// same call may succeed later.
var ErrUnavailable = errors.New("the records are not available")

// ErrUnstorable marks text that PostgreSQL does not take, such as one with a
// character of value 0.
var ErrUnstorable = errors.New("this text cannot be stored")

// Failure is an error of the database without the values that PostgreSQL and its
// driver like to quote: they may be personal, and errors reach logs.
type Failure struct {
	Code       string // SQLSTATE; empty if the database did not say anything
	Constraint string
	kind       error // ErrUnavailable, ErrUnstorable or nil
	what       string
}

// Error says code and constraint.
func (f *Failure) Error() string {
	switch {
	case f.Code == "":
		return f.what
	case f.Constraint != "":
		return fmt.Sprintf("the database refused: %s on %s", f.Code, f.Constraint)
	}
	return "the database refused: " + f.Code
}

// Is makes a lost or overloaded database ErrUnavailable.
func (f *Failure) Is(target error) bool { return f.kind != nil && target == f.kind }

// temporaryClasses are the classes of SQLSTATE after which the same call may succeed:
// connection, resources, lock not there, operator, system, rolled back.
var temporaryClasses = map[string]bool{"08": true, "53": true, "55": true, "57": true, "58": true, "40": true}

// temporaryCodes are single ones: a session ended for being idle, and a server that
// has become the copy of another.
var temporaryCodes = map[string]bool{"25P03": true, "25006": true}

// unstorable are codes for text that the encoding or a JSON column does not take.
var unstorable = map[string]bool{"22021": true, "22P05": true}

// clean keeps of an error of the driver what is safe to log and to decide on.
func clean(err error) error {
	var failure *Failure
	var refused *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case err == nil, errors.As(err, &failure):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return pgx.ErrNoRows
	case errors.As(err, &refused):
		failure = &Failure{Code: refused.Code, Constraint: refused.ConstraintName}
		switch {
		case temporaryClasses[refused.Code[:min(2, len(refused.Code))]], temporaryCodes[refused.Code], errors.As(err, &connecting):
			failure.kind = ErrUnavailable
		case unstorable[refused.Code]:
			failure.kind = ErrUnstorable
		}
		return failure
	case errors.Is(err, context.Canceled):
		return context.Canceled // the caller left
	case isMistake(err):
		return &Failure{what: fmt.Sprintf("a statement and its values do not fit (%T)", err)}
	}
	// All else is the connection: it cannot be made, broke, or stays silent.
	return &Failure{what: "the database did not answer", kind: ErrUnavailable}
}

// isMistake says whether the driver itself refused a statement: another try will not
// help. Its words quote the values.
func isMistake(err error) bool {
	var scanning pgx.ScanArgError
	return errors.As(err, &scanning) || strings.HasPrefix(err.Error(), "failed to encode") || strings.HasPrefix(err.Error(), "expected ")
}

// cleaning passes queries on and cleans their errors.
type cleaning struct{ queries.DBTX }

func (c cleaning) Exec(ctx context.Context, query string, arguments ...any) (pgconn.CommandTag, error) {
	tag, err := c.DBTX.Exec(ctx, query, arguments...)
	return tag, clean(err)
}

func (c cleaning) Query(ctx context.Context, query string, arguments ...any) (pgx.Rows, error) {
	rows, err := c.DBTX.Query(ctx, query, arguments...)
	return cleanRows{rows}, clean(err)
}

func (c cleaning) QueryRow(ctx context.Context, query string, arguments ...any) pgx.Row {
	return cleanRow{c.DBTX.QueryRow(ctx, query, arguments...)}
}

type cleanRow struct{ pgx.Row }

func (r cleanRow) Scan(into ...any) error { return clean(r.Row.Scan(into...)) }

// cleanRows cleans what is only found while the rows come in.
type cleanRows struct{ pgx.Rows }

func (r cleanRows) Err() error             { return clean(r.Rows.Err()) }
func (r cleanRows) Scan(into ...any) error { return clean(r.Rows.Scan(into...)) }
