package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"peercert/exams"
)

// vendorFiles says what became of the exam vendor's files that were not simply taken:
// nobody sees them otherwise, and a result may be in one. It names no file, since a
// name is the vendor's and may say anything.
type vendorFiles struct {
	rejected, lines prometheus.Counter
	ignored         prometheus.Gauge

	mutex sync.Mutex
	left  int // files that the last collection of this worker ignored
	// looked is when this worker last looked for authorizations without an answer.
	looked time.Time
}

// looks says whether it is time to look for authorizations without an answer.
func (v *vendorFiles) looks(now time.Time) bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if passed := now.Sub(v.looked); passed >= 0 && passed < unansweredEvery { // a clock may be moved back
		return false
	}
	v.looked = now
	return true
}

func newVendorFiles(registry prometheus.Registerer) (*vendorFiles, error) {
	v := &vendorFiles{
		rejected: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "peercert_exam_files_rejected_total", Help: "Files of the exam vendor with lines that could not be read.",
		}),
		lines: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "peercert_exam_lines_unreadable_total", Help: "Lines of the exam vendor's files that could not be read.",
		}),
		ignored: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "peercert_exam_files_ignored", Help: "Files of the exam vendor that are left where they are, as the last collection of this worker saw it.",
		}),
	}
	for _, collector := range []prometheus.Collector{v.rejected, v.lines, v.ignored} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("registering what became of the exam vendor's files: %w", err)
		}
	}
	return v, nil
}

// saw logs and counts what a collection could not read. It counts what was done before
// a failure as well: a file that was rejected is not there for the next collection.
func (v *vendorFiles) saw(ctx context.Context, collected exams.Collected, whole bool) {
	for _, file := range collected.Rejected {
		v.rejected.Inc()
		v.lines.Add(float64(file.Lines))
		slog.WarnContext(ctx, "a file of the exam vendor had lines that could not be read; a report is beside it", "file_sum", file.Sum, "lines", file.Lines)
	}
	if !whole {
		return // it may have ignored more than it came to
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if collected.Ignored > v.left { // not every minute for as long as they lie there
		slog.WarnContext(ctx, "files of the exam vendor are left where they are, because their names do not end in .csv", "files", collected.Ignored)
	}
	v.left = collected.Ignored
	v.ignored.Set(float64(v.left))
}
