package histories

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	history "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"
)

// personal is every personal word that the records of a product hold.
type personal struct{ words *regexp.Regexp }

// readPersonal reads what people typed into the records.
func readPersonal(ctx context.Context, database string) (personal, error) {
	records, err := pgxpool.New(ctx, database)
	if err != nil {
		return personal{}, errors.New("connecting to the records: the address cannot be read")
	}
	defer records.Close()
	rows, err := records.Query(ctx, `
		SELECT unnest(ARRAY[email, first_name, middle_name, last_name, called, phone, address->>'Line1', date_of_birth::text]) FROM applicants
		UNION SELECT file_name FROM documents
		UNION SELECT note FROM decision_notes
		UNION SELECT unnest(ARRAY[draft_values->>'legal_first_name', draft_values->>'legal_last_name', draft_values->'ethics'->>'typed_name',
			draft_values->>'statement', draft_values->>'date_of_birth']) FROM drafts`)
	if err != nil {
		return personal{}, fmt.Errorf("reading what is personal: %w", err)
	}
	defer rows.Close()
	var words []string
	for rows.Next() {
		var word *string
		if err := rows.Scan(&word); err != nil {
			return personal{}, fmt.Errorf("reading what is personal: %w", err)
		}
		if word != nil && len(strings.TrimSpace(*word)) > 2 {
			words = append(words, regexp.QuoteMeta(strings.TrimSpace(*word)))
		}
	}
	if err := rows.Err(); err != nil {
		return personal{}, fmt.Errorf("reading what is personal: %w", err)
	}
	if len(words) == 0 {
		return personal{}, errors.New("the records hold nothing personal, so nothing could be found")
	}
	return personal{regexp.MustCompile(`(?i)(?:^|\W)(?:` + strings.Join(words, "|") + `)(?:\W|$)`)}, nil
}

// absent fails if anything personal is in a history. The error does not repeat it.
func (p personal) absent(found *history.History) error {
	for _, event := range found.GetEvents() {
		encoded, err := proto.Marshal(event) // payloads are inside as they are
		if err != nil {
			return fmt.Errorf("encoding event %d: %w", event.GetEventId(), err)
		}
		if p.words.Match(encoded) {
			return fmt.Errorf("event %d holds something personal", event.GetEventId())
		}
	}
	return nil
}
