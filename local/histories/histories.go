// Package histories records what cases leave behind in Temporal, for the test that
// replays it (workflows/replay_test.go). A history is recorded once, by the code that
// was released with it, and never again: the test then says whether cases of that age
// can go on under today's code.
package histories

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	enums "go.temporal.io/api/enums/v1"
	history "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"peercert/certification"
	"peercert/local/product"
	"peercert/local/stack"
	"peercert/store"
	"peercert/workflows"
)

// Release names the histories that Record makes. A release that changes the workflow
// gets a new name here, and make histories records it beside those of before.
const Release = "2026-11-denials"

// Folder is where the histories of all releases are, from the root of the repository.
const Folder = "workflows/testdata/histories"

// Names of histories beside those of the stages.
const (
	// Whole is the first run of a case, from registration to the certificate, with one
	// return, one failed exam and a letter for each step.
	Whole = "whole_first_run"
	// SecondTerm is the run of somebody certified for the second time.
	SecondTerm = "certified_second_term"
	// Operated is a case that operators had their hands on: messages without a key, a
	// request to cancel, a signal that nobody handles, the records down meanwhile.
	Operated = "operated"
	// Surplus is a case to which money comes that it does not wait for.
	Surplus = "surplus"
	// Late is a case whose exam was after the last day of its window.
	Late = "late_exam"
	// Restored is the run of somebody who filed a renewal again and again, and whose
	// certificate was revoked and given back while it was under review.
	Restored = "restored"
	// Kept is the run of a case that keeps money for a fee that it will ask for again, and
	// Spent the next, in which that settles it.
	Kept  = "credit_kept"
	Spent = "credit_spent"
	// Vendor is a case whose exam vendor says things late, in another order, or not at all.
	Vendor = "vendor"
	// Waked is a case that was asked to look at the clock while that could not be read, and
	// had another message beside it.
	Waked = "waked"
	// Beside is the run of Restored some time later: the renewal was denied, and an
	// administrator suspended the certificate in the same moment.
	Beside = "beside_denial"
)

// Free says whether the histories of Release may be recorded: an error if there are
// any.
func Free(folder string) error {
	place := filepath.Join(folder, Release)
	switch _, err := os.Stat(place); {
	case err == nil:
		return fmt.Errorf("%s is there already: a history is never recorded again, because it says what the code of its day did; "+
			"for a new release, change Release in local/histories", place)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("looking for histories of before: %w", err)
	}
	return nil
}

// Record writes one history for each stage, and the others named above, to a new
// folder. The product must have been peopled by package seed, and nothing may run
// beside. The folder appears when all of them are good, or not at all.
func Record(ctx context.Context, running *stack.Stack, p *product.Product, folder string, out io.Writer) error {
	if err := Free(folder); err != nil {
		return err
	}
	r := &recorder{stack: running, Product: p, found: map[string]*history.History{}}
	if err := r.record(ctx); err != nil {
		return err
	}
	personal, err := readPersonal(ctx, p.Settings.DatabaseURL)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("making the folder of histories: %w", err)
	}
	work, err := os.MkdirTemp(folder, ".recording-")
	if err != nil {
		return fmt.Errorf("making a folder for new histories: %w", err)
	}
	defer os.RemoveAll(work)
	for name, found := range r.found {
		scrub(found.ProtoReflect())
		if err := personal.absent(found); err != nil {
			return fmt.Errorf("the history %s: %w", name, err)
		}
		if err := write(filepath.Join(work, name+".json.gz"), found); err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-24s %4d events\n", name, len(found.GetEvents()))
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return fmt.Errorf("opening the folder of new histories: %w", err)
	}
	return os.Rename(work, filepath.Join(folder, Release))
}

// recorder takes histories from a product.
type recorder struct {
	*product.Product
	stack *stack.Stack
	found map[string]*history.History
}

func (r *recorder) record(ctx context.Context) error {
	stages, err := r.stages(ctx)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"a first run", r.whole},
		{"a second term", func(ctx context.Context) error {
			return r.renewed(ctx, stages[certification.StageRenewalReview])
		}},
		{"a case that is paid too late", r.surplus},
		{"a renewal that was filed again", func(ctx context.Context) error {
			return r.again(ctx, stages[certification.StageRenewal])
		}},
		{"a denial and a suspension beside it", func(ctx context.Context) error {
			return r.beside(ctx, stages[certification.StageRenewal])
		}},
		{"an exam that was too late", r.late},
		{"a case that was operated on", r.operated},
		{"a case that was woken while the clock stood", r.waked},
		{"an exam vendor with odd words", r.vendor},
		{"a fee that was paid too late", r.credit}, // the last: it moves the clock
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("living %s: %w", step.what, err)
		}
	}
	return nil
}

// stages takes the longest history that the people of a product have at each stage,
// and gives the case it is of.
func (r *recorder) stages(ctx context.Context) (map[certification.Stage]string, error) {
	of := map[certification.Stage]string{}
	list, err := r.Parts.Store.ListCases(ctx, store.CaseFilter{Most: 1000})
	if err != nil {
		return nil, fmt.Errorf("listing the cases: %w", err)
	}
	for _, row := range list {
		found, err := r.quiet(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		name := string(row.Stage)
		if longest := r.found[name]; longest == nil || len(found.GetEvents()) > len(longest.GetEvents()) {
			r.found[name], of[row.Stage] = found, row.ID
		}
	}
	for _, rule := range certification.Stages {
		if r.found[string(rule.Stage)] == nil {
			return nil, fmt.Errorf("nobody is at %s", rule.Stage)
		}
	}
	return of, nil
}

// quiet is the history of the run under way (or of the last), once nothing is being
// done in it.
func (r *recorder) quiet(ctx context.Context, caseID string) (found *history.History, err error) {
	return found, until(ctx, "case "+caseID+" to be quiet", func() error {
		described, err := r.Parts.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(caseID), "")
		if err != nil {
			return err
		}
		if described.GetPendingWorkflowTask() != nil {
			return errors.New("a task is under way")
		}
		found, err = r.historyOf(ctx, caseID, described.GetWorkflowExecutionInfo().GetExecution().GetRunId())
		if err == nil && int64(len(found.GetEvents())) != described.GetWorkflowExecutionInfo().GetHistoryLength() {
			err = errors.New("something came meanwhile")
		}
		return err
	})
}

func (r *recorder) historyOf(ctx context.Context, caseID, run string) (*history.History, error) {
	found := &history.History{}
	events := r.Parts.Temporal.GetWorkflowHistory(ctx, workflows.CaseWorkflowID(caseID), run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("reading the history of case %s: %w", caseID, err)
		}
		found.Events = append(found.Events, event)
	}
	return found, nil
}

// scrub takes away what says on which machine a history was recorded. A replay looks
// at none of it.
func scrub(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Name() == "identity" && field.Kind() == protoreflect.StringKind:
			message.Clear(field)
		case field.Message() != nil && field.Message().FullName() == "temporal.api.taskqueue.v1.TaskQueue":
			if name := value.Message().Descriptor().Fields().ByName("normal_name"); value.Message().Get(name).String() != "" {
				value.Message().Set(value.Message().Descriptor().Fields().ByName("name"), protoreflect.ValueOfString("sticky"))
			}
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, value protoreflect.Value) bool { scrub(value.Message()); return true })
			}
		case field.IsList():
			if field.Message() != nil {
				for i := range value.List().Len() {
					scrub(value.List().Get(i).Message())
				}
			}
		case field.Message() != nil:
			scrub(value.Message())
		}
		return true
	})
}

// write keeps a history as the JSON that Temporal's tools read.
func write(file string, found proto.Message) error {
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(found)
	if err != nil {
		return fmt.Errorf("encoding a history: %w", err)
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = zip.Write(text)
	}
	if err == nil {
		err = zip.Close()
	}
	if err != nil {
		return fmt.Errorf("packing a history: %w", err)
	}
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing a history: %w", err)
	}
	return nil
}

const patience = time.Minute

// until asks again and again until there is no error.
func until(ctx context.Context, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(30 * time.Millisecond):
		}
	}
}
