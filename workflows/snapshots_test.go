package workflows_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	c9n "peercert/certification"
	"peercert/workflows"
)

// snapshot is a case as a story left it at a stage, with its promises open.
type snapshot struct {
	c  c9n.Case
	at time.Time
}

// ways lead to every stage; after a slash is what a denial or an appeal is about, where
// that is not the application.
var ways = map[string]func(*story){
	"intro_video": (*story).register,
	"application": func(s *story) { s.register(); s.must(&c9n.CompleteIntroVideo{}) },
	"application_fee": func(s *story) {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		s.askFee()
	},
	"application_review": (*story).toReview,
	"application_returned": func(s *story) {
		s.toReview()
		s.days(5)
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ID_EXPIRED"}})
	},
	"training":        (*story).toTraining,
	"training_review": func(s *story) { s.toTraining(); s.submitTraining() },
	"training_returned": func(s *story) {
		s.toTraining()
		s.submitTraining()
		s.decide(&c9n.DecideTraining{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"TRAINING_UNREADABLE"}})
	},
	"exam_fee":     func(s *story) { s.toExamFee(); s.askFee() },
	"exam_booking": func(s *story) { s.toExamFee(); s.pay(); s.authorize() },
	"exam_booked":  func(s *story) { s.toExamFee(); s.book(7) },
	"exam_scoring": func(s *story) { s.toExamFee(); s.book(1); s.days(2) },
	"certified":    (*story).toCertified,
	"renewal":      (*story).toRenewal,
	"renewal_fee":  func(s *story) { s.toRenewal(); s.fileRenewal(); s.askFee() },
	"renewal_review": func(s *story) {
		s.toRenewal()
		s.fileRenewal()
		s.pay()
	},
	"renewal_returned": func(s *story) {
		s.toRenewal()
		s.fileRenewal()
		s.pay()
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"CE_HOURS_BELOW_20"}})
	},
	"expired": func(s *story) { s.toRenewal(); s.days(91) },
	"denied": func(s *story) {
		s.toReview()
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NO_DIPLOMA"}})
	},
	"revoked": func(s *story) { s.toCertified(); s.must(&c9n.Revoke{Reason: "ethics"}) },
	"appeal_review": func(s *story) {
		s.toReview()
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NO_DIPLOMA"}})
		s.must(&c9n.Appeal{DraftRevision: 1})
	},
	"closed":                func(s *story) { s.register(); s.must(&c9n.Withdraw{}) },
	"denied/renewal":        (*story).toDeniedRenewal,
	"appeal_review/renewal": func(s *story) { s.toDeniedRenewal(); s.must(&c9n.Appeal{DraftRevision: 1}) },
	"appeal_review/revoked": func(s *story) {
		s.toCertified()
		s.must(&c9n.Revoke{Reason: "ethics"}, &c9n.Appeal{DraftRevision: 1})
	},
	"appeal_review/both": func(s *story) {
		s.toDeniedRenewal()
		s.must(&c9n.Revoke{Reason: "ethics"}, &c9n.Appeal{DraftRevision: 1})
	},
}

// stageOf is the stage of a place that ways lead to.
func stageOf(place string) c9n.Stage {
	stage, _, _ := strings.Cut(place, "/")
	return c9n.Stage(stage)
}

func (s *story) toRenewal() {
	s.t.Helper()
	s.toCertified()
	s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -89))
	s.at(c9n.StageRenewal)
}

// toDeniedRenewal denies a renewal that was sent in time and paid.
func (s *story) toDeniedRenewal() {
	s.t.Helper()
	s.toRenewal()
	s.fileRenewal()
	s.pay()
	s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NOT_IN_GOOD_STANDING"}})
	s.at(c9n.StageDenied)
}

var snapshots = struct {
	sync.Mutex
	of map[string]snapshot
}{of: map[string]snapshot{}}

// snapshotAt is a case at a place that ways lead to.
func snapshotAt(t testing.TB, place string) snapshot {
	snapshots.Lock()
	defer snapshots.Unlock()
	if taken, is := snapshots.of[place]; is {
		return snapshot{taken.c.Clone(), taken.at}
	}
	var taken snapshot
	tell(t, monday, func(s *story) {
		ways[place](s)
		taken = snapshot{*s.at(stageOf(place)), s.env.Now()}
	})
	require.Equal(t, stageOf(place), taken.c.Stage)
	snapshots.of[place] = taken
	return snapshot{taken.c.Clone(), taken.at}
}

// from makes a story that begins with a snapshot, as the seeder and the
// reconciliation begin a run.
func (taken snapshot) from(t testing.TB) *story {
	s := newStory(t, taken.at)
	s.start = workflows.Start{Case: taken.c}
	s.projection, s.base = taken.c.Clone(), taken.c.Revision
	s.last = 1000 // ids of its own
	if open := taken.c.Payment; open != nil {
		s.payments[open.ID] = &payment{fee: open.Fee, cents: open.AmountCents, status: "open", askedAt: open.AskedAt}
	}
	return s
}
