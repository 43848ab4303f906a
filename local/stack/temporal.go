package stack

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// temporal is Temporal's development server with its web UI.
type temporal struct {
	program, dir, database, log string
	port, pages                 int
	namespace                   string
	headless                    bool
}

func (t temporal) launch(context.Context) (runner, error) {
	arguments := []string{"server", "start-dev",
		"--ip", "127.0.0.1", "--port", strconv.Itoa(t.port), "--ui-port", strconv.Itoa(t.pages),
		"--db-filename", t.database, "--namespace", t.namespace,
		"--log-level", "warn", "--color", "never",
		"--disable-config-file", "--disable-config-env", // of the person at this machine
		// Without it no timer fires in under a second. The value is JSON.
		"--dynamic-config-value", `history.timerProcessorMaxTimeShift="5ms"`,
		"--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=true",
	}
	if t.headless {
		arguments = append(arguments, "--headless")
	}
	return startProcess(command{
		path: t.program, arguments: arguments, dir: t.dir, env: plainEnvironment(), log: t.log,
		stop: syscall.SIGINT, orphaned: syscall.SIGKILL, patience: 20 * time.Second,
	})
}

// answers fails until the namespace can be used.
func (t temporal) answers(ctx context.Context) error {
	connection, err := client.DialContext(ctx, client.Options{
		HostPort: loopback(t.port), Namespace: t.namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := connection.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: t.namespace, PageSize: 1}); err != nil {
		return fmt.Errorf("listing workflows: %w", err)
	}
	return nil
}
