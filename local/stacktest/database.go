package stacktest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database is the URL of a fresh, empty PostgreSQL database, which is dropped
// when the test ends, with whoever is still connected. Each of migrate, if any,
// is called with that URL before.
func Database(t testing.TB, migrate ...func(ctx context.Context, url string) error) string {
	t.Helper()
	server := setting(t, "PEERCERT_TEST_POSTGRES_URL")
	name := "test_" + suffix()
	execute(t, server, "create database "+name)
	t.Cleanup(func() { execute(t, server, "drop database "+name+" with (force)") })

	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("PEERCERT_TEST_POSTGRES_URL is not an address: %v", err)
	}
	address.Path = "/" + name
	for _, prepare := range migrate {
		if err := prepare(t.Context(), address.String()); err != nil {
			t.Fatalf("preparing the test's database: %v", err)
		}
	}
	return address.String()
}

// execute runs one statement. Its context is not the test's, which has ended
// when cleanups run.
func execute(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connecting to the test's PostgreSQL: %v", err)
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// suffix makes a name nobody else has.
func suffix() string { return strings.ToLower(rand.Text()[:16]) }
