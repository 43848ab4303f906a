package exams

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"peercert/certification"
)

const contentType = "text/csv; charset=utf-8"

// FieldsError says that the vendor would reject an authorization, so nothing was
// sent. Sending again without changing the fields cannot help.
type FieldsError struct {
	AuthorizationID string
	Findings        []certification.AuthorizationFinding
}

// Error names the fields, never their values.
func (e *FieldsError) Error() string {
	var said []string
	for _, finding := range e.Findings {
		said = append(said, finding.Field+" "+string(finding.Problem))
	}
	return "the exam vendor would reject the authorization: " + strings.Join(said, ", ")
}

// CandidateKey is the file with the candidate record of an authorization, the only one
// that says who somebody is. It is ours to delete once it is not needed.
func CandidateKey(authorizationID string) string { return CandidatesPrefix + authorizationID + ".csv" }

// Send leaves the candidate record and the authorization for the vendor, in this
// order: an authorization is about a candidate the vendor knows. Sending the same
// again writes the same two files again. The error is a *FieldsError if the vendor
// would reject a field; any other is worth another try.
func (v *Vendor) Send(ctx context.Context, authorization certification.Authorization) error {
	if findings := authorization.Check(); len(findings) > 0 {
		return &FieldsError{AuthorizationID: authorization.ID, Findings: findings}
	}
	candidate, err := table(
		[]string{"authorization_id", "candidate_id", "first_name", "last_name", "email"},
		[]string{authorization.ID, authorization.CandidateID, authorization.FirstName, authorization.LastName, authorization.Email})
	if err != nil {
		return fmt.Errorf("write the candidate record of authorization %s: %w", authorization.ID, err)
	}
	permit, err := table(
		[]string{"authorization_id", "candidate_id", "attempt", "language", "place", "eligible_from", "eligible_until"},
		[]string{authorization.ID, authorization.CandidateID, strconv.Itoa(authorization.Attempt), authorization.Language,
			authorization.Place, instant(authorization.EligibleFrom), instant(authorization.EligibleUntil)})
	if err != nil {
		return fmt.Errorf("write authorization %s: %w", authorization.ID, err)
	}
	if err := v.files.Put(ctx, CandidateKey(authorization.ID), candidate, contentType); err != nil {
		return fmt.Errorf("leave the candidate record of authorization %s: %w", authorization.ID, err)
	}
	if err := v.files.Put(ctx, AuthorizationsPrefix+authorization.ID+".csv", permit, contentType); err != nil {
		return fmt.Errorf("leave authorization %s: %w", authorization.ID, err)
	}
	return nil
}

// table writes rows as RFC 4180 has it.
func table(rows ...[]string) ([]byte, error) {
	var out bytes.Buffer
	writer := csv.NewWriter(&out)
	writer.UseCRLF = true
	for _, row := range rows {
		for i, text := range row {
			row[i] = cell(text)
		}
		if err := writer.Write(row); err != nil {
			return nil, err
		}
	}
	writer.Flush()
	return out.Bytes(), writer.Error()
}

// cell spells accented letters in one way (the vendor compares names) and keeps a
// spreadsheet from running the text as a formula.
func cell(text string) string {
	text = norm.NFC.String(text)
	if certification.FormulaStart(text) {
		return "'" + text
	}
	return text
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
