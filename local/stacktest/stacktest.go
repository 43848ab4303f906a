// Package stacktest gives a test the real parts it needs: a database, a Temporal
// namespace, a bucket, a mailbox, each for that test alone. They are on the
// stack that "local test" (make test) starts; without it such a test is skipped,
// and in CI it fails.
package stacktest

import (
	"os"
	"testing"
)

// setting is the value of a variable that "local test" sets. Without it the test
// ends here.
func setting(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value != "" {
		return value
	}
	const sentence = "this test needs the local stack: run it with make test (or bin/local test ./package), which starts PostgreSQL, Temporal, S3 and a mailbox"
	if os.Getenv("CI") == "true" {
		t.Fatal(sentence + "; " + name + " is not set")
	}
	t.Skip(sentence)
	return ""
}

// Require ends a test that starts a stack of its own unless "local test" runs
// it: only there have the programs it needs been installed and built.
func Require(t testing.TB) {
	t.Helper()
	setting(t, "PEERCERT_TEST_POSTGRES_URL")
}
