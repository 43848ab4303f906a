package workflows_test

import (
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

// ways lead to every stage.
var ways = map[c9n.Stage]func(*story){
	c9n.StageIntroVideo:  (*story).register,
	c9n.StageApplication: func(s *story) { s.register(); s.must(&c9n.CompleteIntroVideo{}) },
	c9n.StageApplicationFee: func(s *story) {
		s.register()
		s.must(&c9n.CompleteIntroVideo{})
		s.submitApplication()
		s.askFee()
	},
	c9n.StageApplicationReview: (*story).toReview,
	c9n.StageApplicationReturned: func(s *story) {
		s.toReview()
		s.days(5)
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"ID_EXPIRED"}})
	},
	c9n.StageTraining:       (*story).toTraining,
	c9n.StageTrainingReview: func(s *story) { s.toTraining(); s.submitTraining() },
	c9n.StageTrainingReturned: func(s *story) {
		s.toTraining()
		s.submitTraining()
		s.decide(&c9n.DecideTraining{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"TRAINING_UNREADABLE"}})
	},
	c9n.StageExamFee:     func(s *story) { s.toExamFee(); s.askFee() },
	c9n.StageExamBooking: func(s *story) { s.toExamFee(); s.pay(); s.authorize() },
	c9n.StageExamBooked:  func(s *story) { s.toExamFee(); s.book(7) },
	c9n.StageExamScoring: func(s *story) { s.toExamFee(); s.book(1); s.days(2) },
	c9n.StageCertified:   (*story).toCertified,
	c9n.StageRenewal:     (*story).toRenewal,
	c9n.StageRenewalFee:  func(s *story) { s.toRenewal(); s.fileRenewal(); s.askFee() },
	c9n.StageRenewalReview: func(s *story) {
		s.toRenewal()
		s.fileRenewal()
		s.pay()
	},
	c9n.StageRenewalReturned: func(s *story) {
		s.toRenewal()
		s.fileRenewal()
		s.pay()
		s.decide(&c9n.DecideRenewal{Decision: c9n.DecisionReturn, Reasons: []c9n.ReasonCode{"CE_HOURS_BELOW_20"}})
	},
	c9n.StageExpired: func(s *story) { s.toRenewal(); s.days(91) },
	c9n.StageDenied: func(s *story) {
		s.toReview()
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NO_DIPLOMA"}})
	},
	c9n.StageRevoked: func(s *story) { s.toCertified(); s.must(&c9n.Revoke{Reason: "ethics"}) },
	c9n.StageAppealReview: func(s *story) {
		s.toReview()
		s.decide(&c9n.DecideApplication{Decision: c9n.DecisionDeny, Reasons: []c9n.ReasonCode{"NO_DIPLOMA"}})
		s.must(&c9n.Appeal{DraftRevision: 1})
	},
	c9n.StageClosed: func(s *story) { s.register(); s.must(&c9n.Withdraw{}) },
}

func (s *story) toRenewal() {
	s.t.Helper()
	s.toCertified()
	s.until(c9n.AddDays(s.Case().Certificate.ExpiresAt, -89))
	s.at(c9n.StageRenewal)
}

var snapshots = struct {
	sync.Mutex
	of map[c9n.Stage]snapshot
}{of: map[c9n.Stage]snapshot{}}

// snapshotAt is a case at a stage.
func snapshotAt(t testing.TB, stage c9n.Stage) snapshot {
	snapshots.Lock()
	defer snapshots.Unlock()
	if taken, is := snapshots.of[stage]; is {
		return snapshot{taken.c.Clone(), taken.at}
	}
	var taken snapshot
	tell(t, monday, func(s *story) {
		ways[stage](s)
		taken = snapshot{*s.at(stage), s.env.Now()}
	})
	require.Equal(t, stage, taken.c.Stage)
	snapshots.of[stage] = taken
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
