package worker_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
	"peercert/documents"
	"peercert/local/stacktest"
	"peercert/store/queries"
	"peercert/workflows"
)

// checking is a rig whose worker can lose S3, while the door keeps it: what is uploaded
// then cannot be checked.
type checking struct {
	*rig
	s3        *stacktest.Proxy
	caseID    string
	applicant certification.Actor
}

func newChecking(t *testing.T) *checking {
	t.Helper()
	r := newRig(t)
	endpoint, err := url.Parse(r.settings.S3Endpoint)
	require.NoError(t, err)
	c := &checking{rig: r, s3: stacktest.Before(t, endpoint.Host)}
	r.parts.Documents, err = documents.New(t.Context(), documents.Options{
		Endpoint: "http://" + c.s3.Address, Region: r.settings.S3Region, Bucket: r.settings.S3Bucket,
		AccessKey: r.settings.S3AccessKey, SecretKey: r.settings.S3SecretKey, Now: time.Now,
	})
	require.NoError(t, err)
	r.parts.Cases.Patience = 5 * time.Second // long enough to terminate a check before it asks for attention
	r.serve(nil, nil)
	c.caseID, c.applicant = r.open()
	return c
}

func (c *checking) upload() (documentID string) {
	c.t.Helper()
	var file bytes.Buffer
	require.NoError(c.t, png.Encode(&file, image.NewGray(image.Rect(0, 0, 40, 40))))
	document, err := c.parts.Cases.Upload(c.t.Context(), c.applicant, cases.Upload{
		CaseID: c.caseID, Key: c.key(), Kind: certification.DocumentPhotoID, FileName: "id.png", Body: &file,
	})
	require.NoError(c.t, err)
	return document.ID
}

func (c *checking) asks(documentID string, wanted bool) {
	c.t.Helper()
	c.until(fmt.Sprintf("attention for the document to be %t", wanted), func() error {
		if c.recorded(c.caseID).NeedsAttentionFor(certification.AttentionDocument, documentID) != wanted {
			return errors.New("it is not")
		}
		return nil
	})
}

func (c *checking) found(documentID string, status certification.DocumentStatus) {
	c.t.Helper()
	c.until("the document to be "+string(status), func() error {
		document, err := c.parts.Cases.Document(c.t.Context(), c.applicant, c.caseID, documentID)
		if err == nil && document.Status != status {
			err = fmt.Errorf("it is %s", document.Status)
		}
		return err
	})
}

// findings are what the case was told about a document, in this order.
func (c *checking) findings(documentID string) (told []string) {
	for _, event := range c.log(c.caseID) {
		if event.Signal == certification.SignalDocumentChecked && event.Details.ID == documentID {
			told = append(told, event.Details.Code)
		}
	}
	return told
}

func TestACheckThatCannotBeMade(t *testing.T) {
	c := newChecking(t)
	c.s3.Down()
	healed, gone := c.upload(), c.upload()
	c.asks(healed, true)
	c.asks(gone, true)
	view, err := c.parts.Cases.Case(t.Context(), c.applicant, c.caseID)
	require.NoError(t, err)
	require.True(t, view.Slow, "the applicant's pages say that it is on our side")
	require.True(t, view.ChecksLate)

	require.NoError(t, c.parts.Cases.RemoveDocument(t.Context(), c.applicant, c.key(), c.caseID, gone))
	c.asks(gone, false)
	c.asks(healed, true)

	c.s3.Up()
	c.found(healed, certification.DocumentClean)
	c.asks(healed, false)
	require.Equal(t, []string{certification.FindingLate, "clean"}, c.findings(healed))
	require.Equal(t, []string{certification.FindingLate, certification.FindingGone}, c.findings(gone))
	c.agrees(c.caseID)

	// What is said too late has no effect.
	require.NoError(t, c.parts.Cases.DocumentIsLate(t.Context(), healed))
	require.NoError(t, c.parts.Cases.Receive(t.Context(), certification.Incoming{
		Source: certification.SourceOwn, ExternalID: "again", Kind: string(certification.SignalDocumentChecked),
		Payload: fmt.Appendf(nil, `{"key": "again", "actor": {"role": "outside"}, "document_id": %q, "finding": "late"}`, healed),
	}))
	c.delivered("again", "the check has ended")
	require.Empty(t, c.recorded(c.caseID).Attention)

	// In a closed case nobody waits for it.
	c.s3.Down()
	left := c.upload()
	c.asks(left, true)
	c.must(c.caseID, &certification.Withdraw{})
	c.reach(c.caseID, certification.StageClosed)
	require.Empty(t, c.recorded(c.caseID).Attention)
}

// delivered waits until a message of the inbox has an outcome.
func (c *checking) delivered(externalID, outcome string) {
	c.t.Helper()
	connection, err := pgx.Connect(c.t.Context(), c.settings.DatabaseURL)
	require.NoError(c.t, err)
	defer connection.Close(c.t.Context())
	c.until("message "+externalID, func() error {
		var said string
		err := connection.QueryRow(c.t.Context(), `SELECT outcome FROM inbox WHERE external_id LIKE $1 || '%' AND processed_at IS NOT NULL`, externalID).Scan(&said)
		if err == nil && said != outcome {
			err = fmt.Errorf("its outcome is %q", said)
		}
		return err
	})
}

// A check that somebody terminated is found and started again, also by retry-step, and its
// case is told meanwhile.
func TestATerminatedCheckIsStartedAgain(t *testing.T) {
	c := newChecking(t)
	c.s3.Down()
	documentID := c.upload()
	check := workflows.DocumentCheckWorkflowID(documentID)
	terminate := func() {
		t.Helper()
		c.until("the check to be terminated", func() error {
			return c.parts.Temporal.TerminateWorkflow(t.Context(), check, "", "a test")
		})
	}
	terminate()
	require.Empty(t, c.recorded(c.caseID).Attention)
	c.until("the reconciliation to find it", func() error {
		if c.reconcile() != 1 {
			return errors.New("it is not late yet")
		}
		return nil
	})
	c.asks(documentID, true)
	require.Zero(t, c.reconcile(), "it runs")

	terminate()
	c.must(c.caseID, &certification.RetryStep{})
	c.delivered("again:"+documentID, "tried at once")
	require.Zero(t, c.reconcile(), "it runs")
	c.s3.Up()
	c.found(documentID, certification.DocumentClean)
	c.asks(documentID, false)

	unchecked, err := c.parts.Store.UncheckedDocuments(t.Context(), queries.UncheckedDocumentsParams{
		Before: time.Now(), After: "00000000-0000-0000-0000-000000000000", Most: 10,
	})
	require.NoError(t, err)
	require.Empty(t, unchecked)
	require.Zero(t, c.reconcile())
}

// What is not in the store any more ends as a finding that the person can act on.
func TestALostDocumentIsAskedForAgain(t *testing.T) {
	c := newChecking(t)
	c.s3.Down()
	documentID := c.upload()
	c.asks(documentID, true)
	require.NoError(t, c.parts.Cases.Storage.Remove(t.Context(), certification.Document{ID: documentID}))
	c.s3.Up()
	c.found(documentID, certification.DocumentRefused)
	c.asks(documentID, false)
	document, err := c.parts.Cases.Document(t.Context(), c.applicant, c.caseID, documentID)
	require.NoError(t, err)
	require.Equal(t, certification.DocumentLost, document.RefusalCode)
}
