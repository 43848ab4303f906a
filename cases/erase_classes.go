package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// eraser erases the records of one class that were kept for their time, and says how many
// there were. Documents are only hidden by it, and counted once they are gone.
type eraser func(ctx context.Context, rule certification.Retention) (items int, err error)

// erasers has an eraser for every class of records of a case that is not kept for ever.
func (l *look) erasers() map[certification.RecordClass]eraser {
	return map[certification.RecordClass]eraser{
		certification.RecordDraft:    l.eraseDrafts,
		certification.RecordPhotoID:  l.erasePhotoID,
		certification.RecordDiploma:  l.erasePapers(certification.DocumentDiploma),
		certification.RecordTraining: l.erasePapers(certification.DocumentTrainingCertificate),
		certification.RecordAppeal:   l.eraseAppeal,
		certification.RecordForm:     l.eraseForms,
		certification.RecordLetter:   l.eraseLetters,
		certification.RecordVideo:    l.eraseVideo,
		certification.RecordPayment:  l.erasePayments,
		certification.RecordReading:  l.eraseReads,
		certification.RecordContact:  l.findContact,
	}
}

// mostReads bounds how many lines of who read what go with one look.
const mostReads = 5000

// start is from when a class of records of the case as a whole is kept; zero while that is
// still to come, or while the case needs them. Nothing is taken from an open case but what
// was needed for a decision that stands: on hold, suspended, disputed, denied or revoked, nothing.
func (l *look) start(rule certification.Retention) (time.Time, error) {
	closed := l.of.Stage == certification.StageClosed
	switch rule.Start {
	case certification.FromCaseEnd:
		return l.closedAt, nil
	case certification.FromDecision:
		switch {
		case closed && l.decidedAt.IsZero():
			return l.closedAt, nil // nobody will decide it any more
		case closed || l.settled() && l.of.ApplicationApproved:
			return l.decidedAt, nil
		}
	default:
		return time.Time{}, fmt.Errorf("its time cannot begin with %q", rule.Start)
	}
	return time.Time{}, nil
}

// settled says that nothing about a case is in doubt: it is closed, or it goes its way. A
// case that ended in doubt is settled too, and keeps all until notBefore.
func (l *look) settled() bool {
	if l.of.Stage == certification.StageClosed {
		return true
	}
	return !l.of.OnHold && !l.of.Suspended && !l.of.NeedsAttention(certification.AttentionDispute) && !slices.Contains([]certification.Stage{
		certification.StageDenied, certification.StageRevoked, certification.StageAppealReview,
	}, l.of.Stage)
}

// due says whether records of the case as a whole were kept for their time. It is asked
// only where there are any, so that nobody looks at a case again for nothing.
func (l *look) due(rule certification.Retention) (bool, error) {
	start, err := l.start(rule)
	return err == nil && l.past(rule, start), err
}

// hide takes documents of a class out of everybody's sight; emptyBucket does the rest.
func (l *look) hide(ctx context.Context, rule certification.Retention, which func(d queries.Document) bool) error {
	var ids []string
	for _, document := range l.documents {
		if which(document) {
			ids = append(ids, document.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	due, err := l.due(rule)
	if err != nil || !due {
		return err
	}
	return l.hideAll(ctx, rule.Record, ids)
}

func (l *look) hideAll(ctx context.Context, class certification.RecordClass, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	l.documents = slices.DeleteFunc(l.documents, func(d queries.Document) bool { return slices.Contains(ids, d.ID) })
	if err := l.q.HideDocuments(ctx, queries.HideDocumentsParams{Class: string(class), CaseID: l.of.ID, Ids: ids}); err != nil {
		return err
	}
	return tellGone(ctx, l.q, l.of.ID, ids, l.now)
}

// empty takes what was typed out of forms, but for what keep says.
func (l *look) empty(ctx context.Context, which func(d queries.FilledDraftsRow) (bool, error), keep func(values []byte) (json.RawMessage, error)) (int, error) {
	forms := 0
	for _, draft := range l.drafts {
		if due, err := which(draft); err != nil {
			return 0, err
		} else if !due {
			continue
		}
		kept, err := keep(draft.DraftValues)
		if err != nil {
			return 0, err
		}
		if err := l.q.EraseDraft(ctx, queries.EraseDraftParams{CaseID: l.of.ID, Form: draft.Form, DraftValues: kept, ErasedAt: &l.now}); err != nil {
			return 0, err
		}
		if err := l.q.ForgetHandedIn(ctx, queries.ForgetHandedInParams{CaseID: l.of.ID, Form: draft.Form}); err != nil {
			return 0, err
		}
		forms++
	}
	return forms, nil
}

func nothing([]byte) (json.RawMessage, error) { return json.RawMessage("{}"), nil }

// signature keeps what was signed under the code of ethics, which is a class of its own
// and kept for ever.
func signature(values []byte) (json.RawMessage, error) {
	var signed struct {
		Ethics json.RawMessage `json:"ethics,omitempty"`
	}
	if json.Unmarshal(values, &signed) != nil {
		return nil, errDraft
	}
	return json.Marshal(signed)
}

// signedVersion keeps of a signature which text was signed, and not by whom.
func signedVersion(values []byte) (json.RawMessage, error) {
	var signed struct {
		Ethics *struct {
			Version string `json:"version"`
		} `json:"ethics,omitempty"`
	}
	if json.Unmarshal(values, &signed) != nil {
		return nil, errDraft
	}
	return json.Marshal(signed)
}

// eraseDrafts erases one by one forms that were never handed in, and files that were not:
// once the case is closed, or of an open case the files that nothing in it holds.
func (l *look) eraseDrafts(ctx context.Context, rule certification.Retention) (int, error) {
	if rule.Start != certification.FromLastSave {
		return 0, fmt.Errorf("its time cannot begin with %q", rule.Start)
	}
	closed := l.of.Stage == certification.StageClosed
	held, err := l.inForms()
	if err != nil || !l.settled() {
		return 0, err
	}
	var ids []string
	for _, document := range l.documents {
		if !slices.Contains(l.handedIn, document.ID) && (closed || !held(document)) && l.past(rule, document.UploadedAt) {
			ids = append(ids, document.ID)
		}
	}
	if err := l.hideAll(ctx, rule.Record, ids); err != nil || !closed {
		return 0, err
	}
	return l.empty(ctx, func(d queries.FilledDraftsRow) (bool, error) { return !d.HandedIn && l.past(rule, d.SavedAt), nil }, nothing)
}

// inForms says which documents a form of the case names, or may still come to name or go
// along with. A file that was refused or is infected may not, nor one for a form that was
// approved.
func (l *look) inForms() (func(d queries.Document) bool, error) {
	var named []string
	for _, draft := range l.drafts {
		ids, err := documentsIn(draft.DraftValues)
		if err != nil {
			return nil, err
		}
		named = append(named, ids...)
	}
	approved := map[certification.DocumentKind]bool{
		certification.DocumentDiploma:             l.of.ApplicationApproved,
		certification.DocumentTrainingCertificate: l.of.Certificate != nil,
	}
	return func(d queries.Document) bool {
		usable := !slices.Contains([]certification.DocumentStatus{certification.DocumentRefused, certification.DocumentInfected}, certification.DocumentStatus(d.Status))
		return slices.Contains(named, d.ID) || usable && !approved[certification.DocumentKind(d.Kind)]
	}, nil
}

// erasePhotoID hides the ID, and those that were sent before and put right: once the
// application is decided nobody needs them, also while the case goes on for years.
func (l *look) erasePhotoID(ctx context.Context, rule certification.Retention) (int, error) {
	return 0, l.hide(ctx, rule, func(d queries.Document) bool {
		return certification.DocumentKind(d.Kind) == certification.DocumentPhotoID
	})
}

// erasePapers hides documents of a kind that were handed in.
func (l *look) erasePapers(kind certification.DocumentKind) eraser {
	return func(ctx context.Context, rule certification.Retention) (int, error) {
		return 0, l.hide(ctx, rule, func(d queries.Document) bool {
			return certification.DocumentKind(d.Kind) == kind && slices.Contains(l.handedIn, d.ID)
		})
	}
}

// eraseAppeal erases what was said in an appeal, and hides its evidence.
func (l *look) eraseAppeal(ctx context.Context, rule certification.Retention) (int, error) {
	if _, err := l.erasePapers(certification.DocumentAppeal)(ctx, rule); err != nil {
		return 0, err
	}
	return l.empty(ctx, func(d queries.FilledDraftsRow) (bool, error) {
		if !d.HandedIn || certification.Form(d.Form) != certification.FormAppeal {
			return false, nil
		}
		return l.due(rule)
	}, nothing)
}

// eraseForms erases the other forms that were handed in. The signature of somebody who was
// ever certified stays, as proof of their name does; of anybody else both hold a name that
// nobody needs, and go with the form.
func (l *look) eraseForms(ctx context.Context, rule certification.Retention) (int, error) {
	certified, err := l.q.EverCertified(ctx, l.of.ApplicantID)
	if err != nil {
		return 0, err
	}
	keep := signature
	if !certified {
		keep = signedVersion
		if _, err := l.erasePapers(certification.DocumentNameChange)(ctx, rule); err != nil {
			return 0, err
		}
	}
	return l.empty(ctx, func(d queries.FilledDraftsRow) (bool, error) {
		if !d.HandedIn || certification.Form(d.Form) == certification.FormAppeal {
			return false, nil
		}
		return l.due(rule)
	}, keep)
}

func (l *look) eraseVideo(ctx context.Context, rule certification.Retention) (int, error) {
	if chapters, err := l.q.CountVideoProgress(ctx, l.of.ID); err != nil || chapters == 0 {
		return 0, err
	}
	if due, err := l.due(rule); err != nil || !due {
		return 0, err
	}
	rows, err := l.q.ForgetVideoProgress(ctx, l.of.ID)
	return int(rows), err
}

// erasePayments deletes payments one by one, with their receipts, also of a case that goes
// on; never the one that the case waits for.
func (l *look) erasePayments(ctx context.Context, rule certification.Retention) (int, error) {
	if rule.Start != certification.FromPayment {
		return 0, fmt.Errorf("its time cannot begin with %q", rule.Start)
	}
	payments, err := l.q.PaymentTimes(ctx, l.of.ID)
	if err != nil || !l.settled() {
		return 0, err
	}
	var ids []string
	for _, payment := range payments {
		if (l.of.Payment == nil || l.of.Payment.ID != payment.ID) && l.past(rule, payment.At) {
			ids = append(ids, payment.ID)
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	if err := l.q.ForgetReceipts(ctx, queries.ForgetReceiptsParams{CaseID: &l.of.ID, PaymentIds: ids}); err != nil {
		return 0, err
	}
	rows, err := l.q.ForgetPayments(ctx, queries.ForgetPaymentsParams{CaseID: l.of.ID, Ids: ids})
	if err != nil {
		return 0, err
	}
	return int(rows), l.q.ForgetCustomer(ctx, l.of.ApplicantID)
}

// eraseReads deletes one by one who read what.
func (l *look) eraseReads(ctx context.Context, rule certification.Retention) (int, error) {
	if rule.Start != certification.FromCollection {
		return 0, fmt.Errorf("its time cannot begin with %q", rule.Start)
	}
	reads, err := l.q.ReadTimes(ctx, queries.ReadTimesParams{CaseID: l.of.ID, Most: mostReads})
	if err != nil || !l.settled() {
		return 0, err
	}
	var ids []int64
	for _, read := range reads {
		if l.past(rule, read.At) {
			ids = append(ids, read.ID)
		}
	}
	if len(ids) == mostReads {
		l.soon(l.now) // there may be more
	}
	if len(ids) == 0 {
		return 0, nil
	}
	rows, err := l.q.ForgetReads(ctx, ids)
	return int(rows), err
}

// findContact finds that this case does not need to reach its person any more. Whether
// others do is asked by eraseContact.
func (l *look) findContact(_ context.Context, rule certification.Retention) (int, error) {
	due, err := l.due(rule)
	l.contact = due
	return 0, err
}
