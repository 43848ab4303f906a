package cases

import (
	"context"
	"time"

	"peercert/store/queries"
)

// Feedback is what somebody said about a page. Nobody's name belongs to it, but people
// write what they like: the words are for the operator alone.
type Feedback struct {
	// ID is of the form that it was written in, a UUID.
	ID string `json:"id"`
	// Page is the address of the page that it is about, without language; may be empty.
	Page       string    `json:"page"`
	Language   string    `json:"language"` // BCP 47, that the page was in
	Words      string    `json:"words"`
	ReceivedAt time.Time `json:"received_at"`
}

// GiveFeedback keeps what somebody said. The same id again changes nothing. It is kept
// for a year (certification.RetentionTable).
func (c *Cases) GiveFeedback(ctx context.Context, feedback Feedback) error {
	return failed(c.Store.AddFeedback(ctx, queries.AddFeedbackParams{
		ID: feedback.ID, Page: feedback.Page, Language: feedback.Language, Words: feedback.Words, ReceivedAt: c.now(),
	}), "keeping feedback")
}

// FeedbackSince is what people said since an instant, the newest first.
func (c *Cases) FeedbackSince(ctx context.Context, since time.Time, most int) ([]Feedback, error) {
	rows, err := c.Store.FeedbackSince(ctx, queries.FeedbackSinceParams{Since: since, Most: int32(most)})
	if err != nil {
		return nil, failed(err, "reading feedback")
	}
	all := []Feedback{}
	for _, row := range rows {
		all = append(all, Feedback{ID: row.ID, Page: row.Page, Language: row.Language, Words: row.Words, ReceivedAt: row.ReceivedAt})
	}
	return all, nil
}
