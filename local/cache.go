package main

import (
	"fmt"
	"strconv"

	"go.temporal.io/sdk/worker"
)

// cacheWorkflows sets how many workflows the workers of this process keep in memory.
// With none, every step of a case replays its whole run before: what does not replay
// does not work then. It is one number for the whole process.
func cacheWorkflows(size string) error {
	number, err := strconv.Atoi(size)
	if err != nil || number < 0 {
		return fmt.Errorf("LOCAL_STICKY_CACHE is %q: it must be a number, 0 or more", size)
	}
	worker.SetStickyWorkflowCacheSize(number)
	return nil
}
