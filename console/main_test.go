package console_test

import (
	"os"
	"testing"

	"peercert/local/producttest"
)

// running is the product that all tests of the console share.
var running producttest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	running.Close()
	os.Exit(code)
}
