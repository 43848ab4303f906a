package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"

	"peercert/certification"
	"peercert/workflows"
)

// eventCount is what one certification leaves in Temporal: the run from registration
// until it is left, certified.
type eventCount struct {
	Messages int // updates and signals
	Letters  int
	Kinds    map[enums.EventType]int
	Bytes    int64
}

// Total is the number of all events.
func (e eventCount) Total() int {
	total := 0
	for _, number := range e.Kinds {
		total += number
	}
	return total
}

// kinds are the kinds of events, the most frequent first.
func (e eventCount) kinds() []enums.EventType {
	return slices.SortedFunc(maps.Keys(e.Kinds), func(a, b enums.EventType) int {
		if e.Kinds[a] != e.Kinds[b] {
			return e.Kinds[b] - e.Kinds[a]
		}
		return strings.Compare(a.String(), b.String())
	})
}

// appointment is how long an exam takes here: its end is a timer of the case.
const appointment = 1500 * time.Millisecond

// certify lives a certification with one return and one failed exam, its documents
// checked, its letters sent, until its run is left.
func certify(ctx context.Context, w *world) (*life, error) {
	l, err := register(ctx, w)
	if err != nil {
		return nil, err
	}
	documents, err := l.checked(ctx, certification.DocumentPhotoID, certification.DocumentDiploma)
	if err != nil {
		return nil, err
	}
	if err := l.apply(ctx, documents); err != nil {
		return nil, err
	}
	if err := l.pay(ctx, certification.StageApplicationReview); err != nil {
		return nil, err
	}
	if err := l.send(ctx, l.reviewer, &certification.ClaimReview{}, &certification.DecideApplication{
		Decision: certification.DecisionReturn, Reasons: []certification.ReasonCode{"ID_UNREADABLE", "DIPLOMA_MISSING_OR_UNREADABLE"},
	}); err != nil {
		return nil, err
	}
	if documents, err = l.checked(ctx, certification.DocumentPhotoID, certification.DocumentDiploma); err != nil {
		return nil, err
	}
	revision, err := l.fill(ctx, certification.FormApplication, certification.ApplicationValues{PhotoID: documents[:1], Diploma: documents[1:]})
	if err != nil {
		return nil, err
	}
	if err := l.send(ctx, l.applicant, &certification.ResubmitApplication{DraftRevision: revision, DocumentIDs: documents}); err != nil {
		return nil, err
	}
	if err := l.send(ctx, l.reviewer, &certification.DecideApplication{Decision: certification.DecisionApprove}); err != nil {
		return nil, err
	}
	if documents, err = l.checked(ctx, certification.DocumentTrainingCertificate); err != nil {
		return nil, err
	}
	if err := l.train(ctx, documents); err != nil {
		return nil, err
	}
	for _, passed := range []bool{false, true} {
		if err := l.pay(ctx, certification.StageExamBooking); err != nil {
			return nil, err
		}
		authorization, err := l.book(ctx, appointment)
		if err != nil {
			return nil, err
		}
		if err := l.see(ctx, "the end of the exam", at(certification.StageExamScoring)); err != nil {
			return nil, err
		}
		if err := l.examined(ctx, authorization, passed); err != nil {
			return nil, err
		}
		if err := l.lettersSent(ctx); err != nil {
			return nil, err
		}
	}
	return l, l.left(ctx)
}

// left waits until the case has left its first run.
func (l *life) left(ctx context.Context) error {
	return until(ctx, "the end of the run", func(ctx context.Context) (bool, error) {
		run, err := l.w.parts.Temporal.DescribeWorkflowExecution(ctx, workflows.CaseWorkflowID(l.caseID), "")
		if err != nil {
			return false, err
		}
		info := run.GetWorkflowExecutionInfo()
		return info.GetFirstRunId() != info.GetExecution().GetRunId(), nil
	})
}

// countEvents reads the first run of a case.
func countEvents(ctx context.Context, l *life) (eventCount, error) {
	temporal, id := l.w.parts.Temporal, workflows.CaseWorkflowID(l.caseID)
	now, err := temporal.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return eventCount{}, fmt.Errorf("finding the first run: %w", err)
	}
	first, err := temporal.DescribeWorkflowExecution(ctx, id, now.GetWorkflowExecutionInfo().GetFirstRunId())
	if err != nil {
		return eventCount{}, fmt.Errorf("describing the first run: %w", err)
	}
	run := first.GetWorkflowExecutionInfo()
	counted := eventCount{Messages: l.messages, Kinds: map[enums.EventType]int{}, Bytes: run.GetHistorySizeBytes()}
	history := temporal.GetWorkflowHistory(ctx, id, run.GetExecution().GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return eventCount{}, fmt.Errorf("reading the history: %w", err)
		}
		counted.Kinds[event.GetEventType()]++
	}
	counted.Letters, err = l.count(ctx, "SELECT count(*) FROM notices WHERE case_id = $1 AND sent_at IS NOT NULL")
	return counted, err
}

// certificationEvents prints what one certification leaves in Temporal.
func certificationEvents(ctx context.Context, w *world, r *report) error {
	l, err := certify(ctx, w)
	if err != nil {
		return err
	}
	e, err := countEvents(ctx, l)
	if err != nil {
		return err
	}
	r.note("%d events, for %d messages and %d letters; %d KB of history. Of them:", e.Total(), e.Messages, e.Letters, e.Bytes/1024)
	for _, kind := range e.kinds() {
		r.note("%4d  %s", e.Kinds[kind], kind)
	}
	return nil
}
