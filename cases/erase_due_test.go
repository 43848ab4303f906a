package cases_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// at moves the clock to an instant.
func (w *world) at(instant time.Time) { w.offset.Store(int64(time.Until(instant))) }

// erase runs what the schedule runs, once, and gives what was erased.
func (w *world) erase() (erased []cases.Erasure) {
	w.t.Helper()
	require.NoError(w.t, w.EraseDue(w.t.Context(), func(e cases.Erasure) { erased = append(erased, e) }))
	return erased
}

// step writes a step of a case into the records alone, and gives when it was.
func (p *person) step(to certification.Stage, change ...func(t *certification.Transition)) time.Time {
	p.t.Helper()
	row, err := p.store.Case(p.t.Context(), p.caseID)
	require.NoError(p.t, err)
	step := certification.Transition{Case: row.Clone(), Event: certification.Event{Name: certification.EventReminder, Key: p.key(), From: row.Stage, To: to}}
	step.Case.Stage, step.Case.Revision = to, row.Revision+1
	if to == certification.StageClosed {
		step.Case.Promises = nil
	}
	for _, f := range change {
		f(&step)
	}
	settled, err := p.store.Commit(p.t.Context(), step)
	require.NoError(p.t, err)
	return settled.At
}

func decided(signal certification.Signal, decision certification.Decision) func(t *certification.Transition) {
	return func(t *certification.Transition) {
		t.Event.Name, t.Event.Signal, t.Event.Details.Decision = "", signal, decision
		t.Case.ApplicationApproved = decision == certification.DecisionApprove
	}
}

// kept is a document with its content in the bucket.
func (p *person) kept(kind certification.DocumentKind) string {
	p.t.Helper()
	id := p.document(kind, certification.DocumentClean)
	_, err := p.Storage.Put(p.t.Context(), id, bytes.NewReader(picture(p.t, 30)))
	require.NoError(p.t, err)
	require.Equal(p.t, 1, p.objects(id))
	return id
}

// wrote saves a form past the door, for a case that stands elsewhere.
func (p *person) wrote(form certification.Form, values string) {
	p.t.Helper()
	p.exec(`INSERT INTO drafts (case_id, form, revision, draft_values, saved_at) VALUES ($1, $2, 1, $3, $4)`, p.caseID, form, values, p.now())
}

// handIn hands a form in, with documents.
func (p *person) handIn(form certification.Form, values string, documents ...string) {
	p.t.Helper()
	p.wrote(form, values)
	row, err := p.store.Case(p.t.Context(), p.caseID)
	require.NoError(p.t, err)
	p.step(row.Stage, func(t *certification.Transition) {
		t.Submit, t.Event.Details.Documents = &certification.DraftAt{Form: form, Revision: 1}, documents
	})
}

// none says that neither a row of a document nor anything in the bucket is left.
func (p *person) none(documentID string) bool {
	return p.count("FROM documents WHERE id = $1", documentID) == 0 && p.objects(documentID) == 0
}

// Every class of records that the table lets go goes at its time, and not a minute before.
// A class that is added to the table and that nobody erases fails here.
func TestEveryClassGoesAtItsTime(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	begin := time.Now().Truncate(time.Second)
	policy := certification.CurrentPolicy(begin)

	// Each plants records of a class and gives from when on they are kept, and whether
	// they are gone.
	type planted func(p *person) (start time.Time, gone func() bool)
	closed := func(p *person) time.Time { return p.step(certification.StageClosed) }
	paper := func(form certification.Form, kind certification.DocumentKind) planted {
		return func(p *person) (time.Time, func() bool) {
			id := p.kept(kind)
			p.handIn(form, `{"hours": 80}`, id)
			return closed(p), func() bool { return p.none(id) }
		}
	}
	forgotten := func(p *person) bool {
		return w.count("FROM draft_turns WHERE case_id = $1 AND handed_in_values IS NOT NULL", p.caseID) == 0
	}
	classes := map[certification.RecordClass]planted{
		certification.RecordDraft: func(p *person) (time.Time, func() bool) {
			p.wrote(certification.FormTraining, `{"hours": 80}`)
			id, proof := p.kept(certification.DocumentTrainingCertificate), p.kept(certification.DocumentNameChange)
			saved := w.now()
			w.later(time.Hour)
			closed(p)
			return saved, func() bool {
				return p.none(id) && p.none(proof) && w.count("FROM drafts WHERE case_id = $1 AND draft_values <> '{}'", p.caseID) == 0
			}
		},
		certification.RecordPhotoID: func(p *person) (time.Time, func() bool) {
			first, second := p.kept(certification.DocumentPhotoID), p.kept(certification.DocumentPhotoID)
			p.handIn(certification.FormApplication, `{}`, second)
			p.step(certification.StageApplicationReturned, decided(certification.SignalDecideApplication, certification.DecisionReturn))
			w.later(time.Hour)
			at := p.step(certification.StageTraining, decided(certification.SignalDecideApplication, certification.DecisionApprove))
			w.later(time.Hour)
			p.step(certification.StageTraining)
			return at, func() bool { return p.none(first) && p.none(second) } // while the case goes on
		},
		certification.RecordDiploma:  paper(certification.FormApplication, certification.DocumentDiploma),
		certification.RecordTraining: paper(certification.FormTraining, certification.DocumentTrainingCertificate),
		certification.RecordAppeal: func(p *person) (time.Time, func() bool) {
			evidence := p.kept(certification.DocumentAppeal)
			p.handIn(certification.FormAppeal, `{"statement": "Look again."}`)
			p.step(certification.StageRevoked, func(t *certification.Transition) { t.Reopen = certification.FormAppeal })
			p.exec("UPDATE drafts SET draft_values = '{}' WHERE case_id = $1", p.caseID) // what was sent is kept beside it
			require.False(t, forgotten(p))
			return closed(p), func() bool {
				return p.none(evidence) && forgotten(p) && w.count("FROM drafts WHERE case_id = $1 AND draft_values <> '{}'", p.caseID) == 0
			}
		},
		certification.RecordForm: func(p *person) (time.Time, func() bool) {
			p.handIn(certification.FormApplication, `{"date_of_birth": "1990-05-17", "ethics": {"version": "v", "typed_name": "Made Up"}}`)
			proof := p.kept(certification.DocumentNameChange)
			p.handIn(certification.FormTraining, `{"hours": 80}`)
			return closed(p), func() bool {
				return w.count(`FROM drafts WHERE case_id = $1 AND draft_values = '{"ethics": {"version": "v"}}'`, p.caseID) == 1 && p.none(proof) && forgotten(p) &&
					w.count("FROM drafts WHERE case_id = $1 AND draft_values = '{}'", p.caseID) == 1
			}
		},
		certification.RecordVideo: func(p *person) (time.Time, func() bool) {
			p.watched()
			return closed(p), func() bool { return w.count("FROM video_progress WHERE case_id = $1", p.caseID) == 0 }
		},
		certification.RecordPayment: func(p *person) (time.Time, func() bool) {
			id, at := store.NewID(), w.now()
			w.exec(`INSERT INTO payments (id, case_id, revision, fee, amount_cents, currency, status, asked_at, settled_at)
				VALUES ($1, $2, 1, 'application', 10000, 'usd', 'paid', $3, $4)`, id, p.caseID, at.Add(-time.Hour), at)
			p.step(certification.StageTraining, func(t *certification.Transition) {
				t.Notices = []certification.NoticeRequest{{Letter: certification.LetterReceipt, Facts: certification.Facts{PaymentID: id}}}
			})
			w.exec("UPDATE notices SET sent_at = created_at WHERE case_id = $1", p.caseID)
			return at, func() bool {
				return w.count("FROM payments WHERE case_id = $1", p.caseID)+w.count("FROM notices WHERE case_id = $1", p.caseID) == 0
			}
		},
		certification.RecordLetter: func(p *person) (time.Time, func() bool) {
			p.step(certification.StageTraining, func(t *certification.Transition) {
				t.Notices = []certification.NoticeRequest{{Letter: certification.LetterWithdrawn}, {Letter: certification.LetterAbandoned}}
			})
			w.exec("UPDATE notices SET sent_at = created_at WHERE case_id = $1", p.caseID)
			w.exec(`INSERT INTO letters (notice_id, language, subject, text, html, headings, written_at)
				SELECT id, 'en', 'Subject', 'Hello Zebra', '<p>Hello Zebra', '{What next}', created_at FROM notices WHERE case_id = $1 AND letter = 'withdrawn'`, p.caseID)
			w.exec("INSERT INTO decision_notes (case_id, key, code, note) VALUES ($1, 'k', 'OTHER', 'Zebra')", p.caseID)
			return closed(p), func() bool {
				letters, err := w.Letters(ctx, p.actor, p.caseID)
				require.NoError(t, err)
				require.Len(t, letters, 2)
				gone := w.count("FROM decision_notes WHERE case_id = $1", p.caseID) == 0
				for _, letter := range letters {
					require.NotEmpty(t, letter.Subject, "which letter it was stays")
					require.NotEmpty(t, letter.Language)
					require.Equal(t, gone, letter.Text == "" && len(letter.Headings) == 0 && !letter.ErasedAt.IsZero())
				}
				return gone && w.count(`FROM letters l JOIN notices n ON n.id = l.notice_id
					WHERE n.case_id = $1 AND text = '' AND html = '' AND headings = '{}' AND erased_at IS NOT NULL`, p.caseID) == 2
			}
		},
		certification.RecordContact: func(p *person) (time.Time, func() bool) {
			return closed(p), func() bool { return w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID) == 0 }
		},
		certification.RecordReading: func(p *person) (time.Time, func() bool) {
			_, err := w.Draft(ctx, reviewer("r"), p.caseID, certification.FormApplication, cases.PurposeReview)
			require.NoError(t, err)
			return w.now(), func() bool { return w.count("FROM reads WHERE case_id = $1", p.caseID) == 0 }
		},
		certification.RecordRepeat: func(p *person) (time.Time, func() bool) {
			key := w.key()
			_, err := w.OpenSignIn(ctx, key, "repeat@example.test", "en", "")
			require.NoError(t, err)
			return w.now(), func() bool { return w.count("FROM idempotency_keys WHERE key = $1", key) == 0 }
		},
		certification.RecordCode: func(p *person) (time.Time, func() bool) {
			opened, err := w.OpenSignIn(ctx, w.key(), "code@example.test", "en", "")
			require.NoError(t, err)
			return opened.ExpiresAt, func() bool { return w.count("FROM registrations WHERE id = $1", opened.ID) == 0 }
		},
		certification.RecordFeedback: func(p *person) (time.Time, func() bool) {
			id := store.NewID()
			w.exec("INSERT INTO feedback (id, page, language, words, received_at) VALUES ($1, '', 'en', 'Fine.', $2)", id, w.now())
			return w.now(), func() bool { return w.count("FROM feedback WHERE id = $1", id) == 0 }
		},
		// Sessions go by the real time, not by the clock of cases: store.TestSessions…
		certification.RecordSession: nil,
	}
	for _, rule := range certification.RetentionTable(policy) {
		if rule.Forever {
			require.NotContains(t, classes, rule.Record)
			continue
		}
		t.Run(string(rule.Record), func(t *testing.T) {
			require.Contains(t, classes, rule.Record, "nobody erases this class")
			plant := classes[rule.Record]
			if plant == nil {
				return
			}
			w.at(begin)
			p := w.made(certification.StageTraining)
			start, gone := plant(p)
			ends := rule.Ends(start)
			for _, before := range []time.Time{w.now(), ends.AddDate(0, 0, -1), ends.Add(-time.Minute)} {
				w.at(before)
				w.erase()
				_, err := w.store.ForgetOldRecords(ctx)
				require.NoError(t, err)
				require.False(t, gone(), "it is kept until %s, and went on %s", ends, before)
			}
			w.at(ends.Add(time.Minute))
			w.erase()
			_, err := w.store.ForgetOldRecords(ctx)
			require.NoError(t, err)
			require.True(t, gone(), "it was kept until %s", ends)
			lines := w.count("FROM erasures WHERE case_id = $1 AND class = $2", p.caseID, rule.Record)
			if w.erase(); lines > 0 {
				require.Equal(t, lines, w.count("FROM erasures WHERE case_id = $1 AND class = $2", p.caseID, rule.Record), "once")
			}
		})
	}
}

// What a case still needs is not touched, however old it is.
func TestWhatIsNeededStays(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	begin := time.Now()
	years := begin.AddDate(20, 0, 0)
	approved := func(change func(c *certification.Case), stage certification.Stage) func() (*person, string) {
		return func() (*person, string) {
			p := w.made(certification.StageApplicationReview)
			photo := p.kept(certification.DocumentPhotoID)
			p.handIn(certification.FormApplication, `{"called": "Z"}`, photo)
			p.step(certification.StageTraining, decided(certification.SignalDecideApplication, certification.DecisionApprove))
			p.step(stage, func(t *certification.Transition) { change(&t.Case) })
			return p, photo
		}
	}
	for name, begun := range map[string]func() (*person, string){
		"not decided": func() (*person, string) {
			p := w.made(certification.StageApplicationReview)
			photo := p.kept(certification.DocumentPhotoID)
			p.handIn(certification.FormApplication, `{"called": "Z"}`, photo)
			return p, photo
		},
		"returned": func() (*person, string) {
			p := w.made(certification.StageApplicationReview)
			photo := p.kept(certification.DocumentPhotoID)
			p.handIn(certification.FormApplication, `{"called": "Z"}`, photo)
			p.step(certification.StageApplicationReturned, decided(certification.SignalDecideApplication, certification.DecisionReturn))
			return p, photo
		},
		"on hold": approved(func(c *certification.Case) { c.OnHold = true }, certification.StageTraining),
		"disputed": approved(func(c *certification.Case) {
			c.Attention = append(c.Attention, certification.Attention{Code: certification.AttentionDispute, ID: "payment"})
		}, certification.StageTraining),
		"suspended": approved(func(c *certification.Case) { c.Suspended = true }, certification.StageCertified),
		"denied":    approved(func(*certification.Case) {}, certification.StageDenied),
		"revoked":   approved(func(*certification.Case) {}, certification.StageRevoked),
		"in appeal": approved(func(*certification.Case) {}, certification.StageAppealReview),
	} {
		t.Run(name, func(t *testing.T) {
			w.at(begin)
			p, photo := begun()
			p.watched()
			_, err := w.Draft(ctx, reviewer("r"), p.caseID, certification.FormApplication, cases.PurposeReview)
			require.NoError(t, err)
			if w.at(years); name == "not decided" || name == "returned" {
				w.at(begin.AddDate(6, 0, 0)) // who read what is kept for seven years, and goes by itself
			}
			w.erase()
			require.Zero(t, w.count("FROM erasures WHERE case_id = $1", p.caseID))
			require.Equal(t, 1, w.objects(photo))
			require.Equal(t, []string{photo}, p.documentIDs())
			require.Equal(t, 1, w.count("FROM drafts WHERE case_id = $1 AND draft_values->>'called' = 'Z'", p.caseID))
			require.Equal(t, 1, w.count("FROM reads WHERE case_id = $1", p.caseID))
			require.NotZero(t, w.count("FROM video_progress WHERE case_id = $1", p.caseID))
			require.Equal(t, 1, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))

			// Once it is over, all of it goes at its time.
			ended := p.step(certification.StageClosed, func(t *certification.Transition) {
				t.Case.OnHold, t.Case.Suspended, t.Case.Attention = false, false, nil
			})
			w.at(ended.AddDate(0, 7, 0))
			w.erase()
			require.True(t, p.none(photo))
			require.Equal(t, 1, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))
			w.at(ended.AddDate(3, 0, 1))
			w.erase()
			require.Zero(t, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))
		})
	}

	t.Run("a certificate in force: what stands behind it, but not the ID", func(t *testing.T) {
		w.at(begin)
		p := w.certified("Zebulon", "", "Zebra", certification.StageApplicationReview)
		photo, diploma, proof := p.kept(certification.DocumentPhotoID), p.kept(certification.DocumentDiploma), p.kept(certification.DocumentNameChange)
		p.handIn(certification.FormApplication, `{"called": "Z", "ethics": {"version": "v", "typed_name": "Zebulon Zebra"}}`, photo, diploma)
		p.step(certification.StageCertified, decided(certification.SignalDecideApplication, certification.DecisionApprove))
		w.at(years)
		w.erase()
		require.Equal(t, []string{diploma, proof}, p.documentIDs())
		require.True(t, p.none(photo))
		require.Equal(t, 1, w.count("FROM drafts WHERE case_id = $1 AND draft_values->>'called' = 'Z'", p.caseID))

		// Afterwards the public part of it stays.
		ended := p.step(certification.StageClosed, func(t *certification.Transition) { t.Case.Outcome = certification.OutcomeVacated })
		w.at(ended.AddDate(3, 0, 1))
		w.erase()
		require.Equal(t, []string{proof}, p.documentIDs())
		require.Zero(t, w.count("FROM applicants WHERE id = $1 AND (email <> '' OR phone <> '' OR called <> '' OR date_of_birth IS NOT NULL OR address <> '{}')", p.actor.ID))
		listed, err := w.Search(ctx, "Zebra")
		require.NoError(t, err)
		require.Len(t, listed, 1)
		require.Equal(t, []string{"Zebulon Zebra", cases.CertificateVacated}, []string{listed[0].Name, listed[0].Status})

		// Staff see that the form was erased, and what was decided.
		draft, err := w.Draft(ctx, administrator, p.caseID, certification.FormApplication, cases.PurposeAudit)
		require.NoError(t, err)
		require.JSONEq(t, `{"ethics": {"version": "v", "typed_name": "Zebulon Zebra"}}`, string(draft.Values))
		require.NotZero(t, draft.ErasedAt)
		require.Empty(t, draft.Findings)
		require.Contains(t, p.log(), string(certification.SignalDecideApplication))
	})

	t.Run("a person with another case", func(t *testing.T) {
		w.at(begin)
		p := w.made(certification.StageTraining)
		p.step(certification.StageClosed)
		other := w.made(certification.StageTraining)
		w.exec("UPDATE cases SET applicant_id = $2::uuid, snapshot = jsonb_set(snapshot, '{applicant_id}', to_jsonb($2::uuid)) WHERE id = $1", other.caseID, p.actor.ID)
		w.at(years)
		w.erase()
		require.Equal(t, 1, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))
		ended := (&person{world: w, actor: p.actor, caseID: other.caseID}).step(certification.StageClosed)
		w.at(ended.AddDate(3, 0, -1))
		w.erase()
		require.Equal(t, 1, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))
		w.at(ended.AddDate(3, 0, 1))
		w.erase()
		require.Zero(t, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))
	})

	t.Run("a letter that was not sent, and a case that was not opened", func(t *testing.T) {
		w.at(begin)
		p := w.made(certification.StageTraining)
		ended := p.step(certification.StageClosed, func(t *certification.Transition) {
			t.Notices = []certification.NoticeRequest{{Letter: certification.LetterWithdrawn}}
		})
		unopened := store.NewID()
		registration := store.NewID()
		w.exec(`INSERT INTO registrations (id, email_folded, details, language, created_at, expires_at, applicant_id, case_id)
			VALUES ($1, '', '{}', 'en', $2, $2, $3, $4)`, registration, ended, p.actor.ID, unopened)
		here := func() int { return w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID) }
		w.at(ended.AddDate(3, 0, 1))
		w.erase()
		require.Equal(t, 1, here())
		w.exec("UPDATE notices SET sent_at = created_at WHERE case_id = $1", p.caseID)
		w.later(25 * time.Hour)
		w.erase()
		require.Equal(t, 1, here())
		w.exec("DELETE FROM registrations WHERE id = $1", registration)
		w.erase()
		require.Equal(t, 1, here(), "a day later")
		w.later(25 * time.Hour)
		w.erase()
		require.Zero(t, here())
	})

	t.Run("what can never arrive is no reason to keep an address for ever", func(t *testing.T) {
		w.at(begin)
		p := w.made(certification.StageTraining)
		ended := p.step(certification.StageClosed, func(t *certification.Transition) {
			t.Notices = []certification.NoticeRequest{{Letter: certification.LetterWithdrawn}}
		})
		w.exec(`INSERT INTO letters (notice_id, language, subject, text, html, headings, written_at)
			SELECT id, 'en', 'Subject', 'Hello Zebra', '<p>Hello Zebra', '{}', created_at FROM notices WHERE case_id = $1`, p.caseID)
		w.exec("INSERT INTO decision_notes (case_id, key, code, note) VALUES ($1, 'k', 'OTHER', 'Zebra')", p.caseID)
		said := func() int {
			return w.count("FROM letters WHERE text <> '' OR html <> ''") + w.count("FROM decision_notes WHERE case_id = $1", p.caseID)
		}
		unopened := w.made(certification.StageTraining)
		w.exec("DELETE FROM case_events WHERE case_id = $1", unopened.caseID)
		w.exec("DELETE FROM promises WHERE case_id = $1", unopened.caseID)
		w.exec("DELETE FROM cases WHERE id = $1", unopened.caseID)
		registration := store.NewID()
		w.exec(`INSERT INTO registrations (id, email_folded, details, language, created_at, expires_at, confirmed_at, applicant_id, case_id)
			VALUES ($1, '', '{"first_name": "Zebra"}', 'en', $2, $2, $2, $3, $4)`, registration, ended, unopened.actor.ID, unopened.caseID)
		here := func() int {
			_, err := w.store.ForgetOldRecords(ctx)
			require.NoError(t, err)
			return w.count("FROM applicants WHERE id IN ($1, $2) AND email <> ''", p.actor.ID, unopened.actor.ID) + w.count("FROM registrations WHERE id = $1", registration)
		}
		w.at(ended.AddDate(3, 0, 89))
		w.erase()
		require.Equal(t, 3, here())
		require.Equal(t, 2, said(), "what is on its way waits, with what it needs")
		w.at(ended.AddDate(3, 0, 92))
		w.erase()
		require.Zero(t, here())
		w.later(25 * time.Hour)
		w.erase()
		require.Zero(t, said())
	})
}

// Nobody gets rid of what they are asked about by ending the case: nothing of a case goes
// that ended on hold, suspended or disputed, until all goes that is kept from its end on.
func TestWhatEndedInDoubtIsKept(t *testing.T) {
	w := still(t)
	begin := time.Now()
	signal := func(p *person, signal certification.Signal) {
		row, err := w.store.Case(t.Context(), p.caseID)
		require.NoError(t, err)
		p.step(row.Stage, func(t *certification.Transition) {
			t.Event.Name, t.Event.Signal = "", signal
			switch signal {
			case certification.SignalHold, certification.SignalReleaseHold:
				t.Case.OnHold = signal == certification.SignalHold
			case certification.SignalSuspend, certification.SignalReinstate:
				t.Case.Suspended = signal == certification.SignalSuspend
			case certification.SignalPaymentDisputed:
				t.Case.RaiseAttention(certification.AttentionDispute, "payment", w.now())
			case certification.SignalPaymentRefunded:
				t.Case.EndAttention("payment")
			}
		})
	}
	for name, ends := range map[string]struct {
		signals []certification.Signal
		kept    bool
	}{
		"on hold":                  {[]certification.Signal{certification.SignalHold}, true},
		"on hold again":            {[]certification.Signal{certification.SignalHold, certification.SignalReleaseHold, certification.SignalHold}, true},
		"released":                 {[]certification.Signal{certification.SignalHold, certification.SignalReleaseHold}, false},
		"suspended":                {[]certification.Signal{certification.SignalSuspend}, true},
		"reinstated":               {[]certification.Signal{certification.SignalSuspend, certification.SignalReinstate}, false},
		"disputed":                 {[]certification.Signal{certification.SignalPaymentDisputed}, true},
		"disputed and given back":  {[]certification.Signal{certification.SignalPaymentDisputed, certification.SignalPaymentRefunded}, false},
		"released, then suspended": {[]certification.Signal{certification.SignalHold, certification.SignalReleaseHold, certification.SignalSuspend}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w.at(begin)
			p := w.made(certification.StageApplicationReview)
			photo, diploma := p.kept(certification.DocumentPhotoID), p.kept(certification.DocumentDiploma)
			p.handIn(certification.FormApplication, `{"called": "Z"}`, photo, diploma)
			p.step(certification.StageTraining, decided(certification.SignalDecideApplication, certification.DecisionApprove))
			for _, s := range ends.signals {
				signal(p, s)
			}
			w.at(begin.AddDate(4, 0, 0))
			ended := p.step(certification.StageClosed, func(t *certification.Transition) { t.Case.OnHold, t.Case.Suspended = false, false })
			w.at(ended.AddDate(3, 0, 0).Add(-time.Minute))
			w.erase()
			require.Equal(t, !ends.kept, p.none(photo) && p.none(diploma))
			require.Equal(t, ends.kept, len(p.documentIDs()) == 2)
			w.at(ended.AddDate(3, 0, 0).Add(time.Hour))
			w.erase()
			require.True(t, p.none(photo) && p.none(diploma))
			require.Zero(t, w.count("FROM applicants WHERE id = $1 AND email <> ''", p.actor.ID))
		})
	}
}

// What was never handed in goes one by one; of an open case only what nothing in it holds.
func TestDraftsGoOneByOne(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageTraining)
	begin := w.now()
	named, proof := p.kept(certification.DocumentTrainingCertificate), p.kept(certification.DocumentNameChange)
	p.wrote(certification.FormTraining, `{"document_id": "`+named+`"}`)
	unnamed := p.kept(certification.DocumentDiploma)
	refusedFile := p.document(certification.DocumentNameChange, certification.DocumentRefused)
	p.step(certification.StageTraining, func(t *certification.Transition) { t.Case.OnHold = true })
	w.at(begin.AddDate(0, 6, 4))
	w.erase()
	require.Len(t, p.documentIDs(), 4, "on hold nothing goes")
	p.step(certification.StageTraining, func(t *certification.Transition) { t.Case.OnHold = false })
	w.erase()
	require.ElementsMatch(t, []string{named, proof, unnamed}, p.documentIDs(), "the application may still come to name it")
	p.step(certification.StageTraining, func(t *certification.Transition) { t.Case.ApplicationApproved = true })
	w.erase()
	require.ElementsMatch(t, []string{named, proof}, p.documentIDs())
	require.True(t, p.none(unnamed) && p.none(refusedFile))

	late := p.kept(certification.DocumentTrainingCertificate)
	w.exec("UPDATE drafts SET saved_at = $2 WHERE case_id = $1", p.caseID, w.now())
	p.step(certification.StageClosed)
	w.erase()
	require.Equal(t, []string{late}, p.documentIDs())
	require.Equal(t, 1, w.count("FROM drafts WHERE case_id = $1 AND draft_values <> '{}'", p.caseID))
	w.later(181 * 24 * time.Hour)
	w.erase()
	require.True(t, p.none(late))
	require.Zero(t, w.count("FROM drafts WHERE case_id = $1 AND draft_values <> '{}'", p.caseID))
}

// What a reviewer may have decided by is evidence, although no form names it and none was
// handed in after it; and whose clock is ahead does not matter.
func TestEvidenceIsNoDraft(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageApplicationReview)
	p.handIn(certification.FormApplication, `{}`)
	w.later(time.Hour) // the clock of whoever took the uploads
	proof := p.kept(certification.DocumentNameChange)
	w.later(-time.Hour)
	p.step(certification.StageTraining, decided(certification.SignalDecideApplication, certification.DecisionApprove))
	unseen := p.kept(certification.DocumentNameChange)
	p.step(certification.StageDenied)
	w.later(time.Hour)
	evidence := p.kept(certification.DocumentAppeal)
	w.later(-time.Hour)
	p.handIn(certification.FormAppeal, `{"statement": "Look again."}`)
	refused(t, certification.RefusedWrongStage, w.RemoveDocument(t.Context(), p.actor, p.key(), p.caseID, proof))
	ended := p.step(certification.StageClosed)
	w.at(ended.AddDate(2, 0, 0))
	w.erase()
	require.ElementsMatch(t, []string{proof, evidence}, p.documentIDs())
	require.True(t, p.none(unseen))
}

// An upload that takes until after the end of a case leaves nothing in it.
func TestASlowUploadIntoAClosedCase(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageTraining)
	closing := readerFunc(func([]byte) (int, error) {
		p.step(certification.StageClosed)
		return 0, io.EOF
	})
	_, err := w.Upload(t.Context(), p.actor, cases.Upload{CaseID: p.caseID, Key: p.key(), Kind: certification.DocumentTrainingCertificate,
		FileName: "mine.png", Body: io.MultiReader(bytes.NewReader(picture(t, 40)), closing)})
	refused(t, certification.RefusedClosed, err)
	require.Zero(t, w.count("FROM documents WHERE case_id = $1", p.caseID))
	require.Zero(t, w.count("FROM inbox"))
}

// erasing is a storage from which a document is erased just before somebody opens it.
type erasing struct {
	cases.Storage
	first func()
}

func (e erasing) OpenOriginal(ctx context.Context, document certification.Document) (io.ReadCloser, string, int64, error) {
	e.first()
	return e.Storage.OpenOriginal(ctx, document)
}

// Whoever opens a document beside its erasing finds nothing, and no fault.
func TestOpeningADocumentThatIsBeingErased(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageTraining)
	photo := p.kept(certification.DocumentPhotoID)
	w.exec("UPDATE documents SET clean_key = 'clean/' || id WHERE id = $1", photo)
	options := w.Options
	options.Storage = erasing{w.Options.Storage, func() {
		w.exec("UPDATE documents SET erasing_for = 'photo_id' WHERE id = $1", photo)
		require.NoError(t, w.Options.Storage.Remove(t.Context(), certification.Document{ID: photo}))
	}}
	_, err := cases.New(options).Content(t.Context(), p.actor, p.caseID, photo, "")
	refused(t, certification.RefusedNotFound, err)
}

// readerFunc is a reader that is a function.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// breaking is a storage that fails before or after it removes something.
type breaking struct {
	cases.Storage
	before, after error
}

func (b *breaking) Remove(ctx context.Context, document certification.Document) error {
	if b.before != nil {
		return b.before
	}
	return errors.Join(b.Storage.Remove(ctx, document), b.after)
}

// Wherever it stops, the next time goes on: no row is gone while the bucket still holds
// something of it, and nothing is said to be erased before it is.
func TestErasingThatStopsHalfWay(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p := w.made(certification.StageApplicationReview)
	photo, other := p.kept(certification.DocumentPhotoID), p.kept(certification.DocumentPhotoID)
	p.handIn(certification.FormApplication, `{}`, photo, other)
	at := p.step(certification.StageTraining, decided(certification.SignalDecideApplication, certification.DecisionApprove))
	w.at(at.AddDate(0, 0, 181))

	options := w.Options
	storage := &breaking{Storage: options.Storage, before: certification.Unavailable(errors.New("the bucket is away"), time.Second)}
	options.Storage = storage
	broken := cases.New(options)
	never := func(e cases.Erasure) { t.Errorf("%v was said to be erased", e) }
	require.ErrorContains(t, broken.EraseDue(ctx, never), photo)
	require.Empty(t, p.documentIDs(), "nobody sees it any more")
	_, err := w.Content(ctx, reviewer("r"), p.caseID, photo, cases.PurposeReview)
	refused(t, certification.RefusedNotFound, err)
	require.Equal(t, 2, w.objects(photo)+w.objects(other))
	known, err := w.store.KnownDocuments(ctx, []string{photo, other})
	require.NoError(t, err)
	require.Len(t, known, 2, "the sweep of the bucket has nothing to do with it")

	storage.before, storage.after = nil, errors.New("the connection broke")
	require.ErrorContains(t, broken.EraseDue(ctx, never), "the first")
	require.Equal(t, 1, w.objects(photo)+w.objects(other))
	require.Equal(t, 2, w.count("FROM documents WHERE case_id = $1", p.caseID))
	require.Zero(t, w.count("FROM erasures"))

	storage.after = nil
	w.records.Down()
	require.Error(t, broken.EraseDue(ctx, never))
	w.records.Up()
	said, failures := atOnce(3, func(int) ([]cases.Erasure, error) {
		var erased []cases.Erasure
		err := broken.EraseDue(ctx, func(e cases.Erasure) { erased = append(erased, e) })
		return erased, err
	})
	items := 0
	for i, erased := range said {
		require.NoError(t, failures[i])
		for _, e := range erased {
			require.Equal(t, certification.RecordPhotoID, e.Class)
			items += e.Items
		}
	}
	require.Equal(t, 2, items, "each is counted once")
	require.True(t, p.none(photo) && p.none(other))
	require.Equal(t, 2, w.count("FROM erasures e CROSS JOIN generate_series(1, e.items) WHERE e.case_id = $1 AND e.class = 'photo_id'", p.caseID))

	t.Run("a document that the bucket does not let go holds up nobody else", func(t *testing.T) {
		locked, free := w.made(certification.StageTraining), w.made(certification.StageTraining)
		var kept, gone string
		for _, p := range []*person{locked, free} {
			kept, gone = gone, p.kept(certification.DocumentDiploma)
			p.handIn(certification.FormApplication, `{}`, gone)
			at = p.step(certification.StageClosed)
		}
		w.at(at.AddDate(1, 0, 0))
		w.exec("UPDATE cases SET erase_at = $2 WHERE id = $1", locked.caseID, at) // it is looked at first
		target, err := url.Parse(w.settings.S3Endpoint)
		require.NoError(t, err)
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is in the signature
		}}
		bucket := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, kept) {
				answer.WriteHeader(http.StatusForbidden)
				return
			}
			proxy.ServeHTTP(answer, r)
		}))
		t.Cleanup(bucket.Close)
		settings := w.settings
		w.settings.S3Endpoint = bucket.URL
		door := w.process()
		w.settings = settings
		require.ErrorContains(t, door.EraseDue(ctx, func(cases.Erasure) {}), kept)
		require.True(t, free.none(gone))
		require.Equal(t, 1, w.objects(kept))
		require.Empty(t, locked.documentIDs(), "nobody sees it any more")
		w.erase()
		require.True(t, locked.none(kept), "once it may go")
	})

	t.Run("a time of no length is a fault, and nothing is due by it", func(t *testing.T) {
		older, other := w.made(certification.StageTraining), w.made(certification.StageTraining)
		diploma := older.kept(certification.DocumentDiploma)
		older.handIn(certification.FormApplication, `{}`, diploma)
		older.step(certification.StageClosed)
		ended := other.step(certification.StageClosed)
		w.exec("UPDATE cases SET snapshot = snapshot #- '{policy,late_renewal_months}' WHERE id = $1", older.caseID)
		w.at(ended.AddDate(3, 0, 1))
		require.ErrorContains(t, w.EraseDue(ctx, func(cases.Erasure) {}), older.caseID)
		require.False(t, older.none(diploma))
		require.Equal(t, 1, w.count("FROM applicants WHERE id = $1 AND email <> ''", older.actor.ID))
		require.Zero(t, w.count("FROM applicants WHERE id = $1 AND email <> ''", other.actor.ID))
		w.exec("UPDATE cases SET erase_at = $2 WHERE id = $1", older.caseID, ended.AddDate(100, 0, 0))
	})

	t.Run("a case that cannot be read does not hold up the others", func(t *testing.T) {
		bad, good := w.made(certification.StageTraining), w.made(certification.StageTraining)
		bad.step(certification.StageClosed)
		w.exec("UPDATE cases SET snapshot = '{\"revision\": \"x\"}' WHERE id = $1", bad.caseID)
		ended := good.step(certification.StageClosed)
		w.at(ended.AddDate(3, 0, 1))
		require.ErrorContains(t, w.EraseDue(ctx, func(cases.Erasure) {}), bad.caseID)
		require.Zero(t, w.count("FROM applicants WHERE id = $1 AND email <> ''", good.actor.ID))
	})
}

// A step that is made while a case is looked at is not forgotten.
func TestACaseThatTakesAStepIsLookedAtAgain(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageTraining)
	w.later(time.Minute)
	w.erase()
	due := func() int { return w.count("FROM cases WHERE id = $1 AND erase_at <= $2", p.caseID, w.now()) }
	require.Zero(t, due())
	w.later(time.Minute)
	p.step(certification.StageClosed)
	require.Equal(t, 1, due())
	row, err := w.store.ReadCase(t.Context(), p.caseID)
	require.NoError(t, err)
	require.NoError(t, w.store.LookNextAt(t.Context(), queries.LookNextAtParams{ID: p.caseID, At: w.now().AddDate(1, 0, 0), Revision: 1, UpdatedAt: row.UpdatedAt}))
	require.Equal(t, 1, due(), "somebody who saw an older revision says nothing about it")
}

// A page that was open while a form was erased does not write it back.
func TestAnErasedFormIsNotWrittenBack(t *testing.T) {
	w := still(t)
	p := w.made(certification.StageTraining)
	p.wrote(certification.FormTraining, `{"provider_id": "zebra"}`)
	w.exec("UPDATE drafts SET revision = 7 WHERE case_id = $1", p.caseID)
	ended := p.step(certification.StageClosed)
	w.at(ended.AddDate(1, 0, 0))
	w.erase()
	rows, err := w.store.SaveDraft(t.Context(), queries.SaveDraftParams{
		CaseID: p.caseID, Form: string(certification.FormTraining), DraftValues: []byte(`{"provider_id": "zebra"}`), At: w.now(), SeenRevision: 7,
	})
	require.NoError(t, err)
	require.Zero(t, rows)
	require.Zero(t, w.count("FROM drafts WHERE draft_values::text LIKE '%zebra%'"))
}
