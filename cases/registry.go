package cases

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"peercert/certification"
	"peercert/store/queries"
)

// Limits of the public search, so that nobody pages through everybody. Whoever serves it
// limits how often one machine asks (Allow).
const (
	mostFound     = 20
	mostWords     = 8
	fewestLetters = 3 // of a word that may be the beginning of a name
	longestSearch = 100
)

// Search finds certificates for the public registry (domain §6), by number or by name: the
// last name or its beginning, and others of the name to narrow it down, in any order, with
// or without accents. It gives at most 20, in the order of the names; who was never
// certified is not found. A word of three letters or more is the beginning of a name; a
// shorter one is a whole name, for there are people called Ng, and needs another word
// beside it. What is less is refused as invalid. Nothing is in the answer beyond
// PublicCertificate, and nothing of the question in a refusal.
func (c *Cases) Search(ctx context.Context, text string) ([]PublicCertificate, error) {
	if number, is := certification.ParseNumber(text); is {
		certificate, err := c.Certificate(ctx, number)
		if refusal, is := certification.RefusalOf(err); is && refusal.Type == certification.RefusedNotFound {
			return []PublicCertificate{}, nil
		}
		if err != nil {
			return nil, err
		}
		return []PublicCertificate{certificate}, nil
	}
	query, refusal := nameQuery(text)
	if refusal != nil {
		return nil, refusal
	}
	rows, err := c.Store.SearchCertificates(ctx, queries.SearchCertificatesParams{Query: query, Most: mostFound})
	if err != nil {
		return nil, failed(err, "searching the registry")
	}
	certificates := []PublicCertificate{}
	for _, row := range rows {
		certificate, err := c.publicCertificate(row.Snapshot, row.ClosedAt, row.FirstName, row.MiddleName, row.LastName)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

// nameQuery makes a text-search query of the words of a name: all of them are found, and
// at least one in the last name, whose words have the weight A.
func nameQuery(text string) (string, *certification.Refusal) {
	if utf8.RuneCountInString(text) > longestSearch {
		return "", unsearchable("too_long", "Write the name only.")
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	if len(words) > mostWords {
		return "", unsearchable("too_long", "Write the name only.")
	}
	var all, last []string
	long := false
	for _, word := range words {
		letters := 0
		for _, r := range word {
			if unicode.IsLetter(r) {
				letters++
			}
		}
		switch {
		case letters == 0:
			continue // a mark alone is no word
		case letters >= fewestLetters:
			long = true
			all, last = append(all, "'"+word+"':*"), append(last, "'"+word+"':*A")
		default:
			all, last = append(all, "'"+word+"'"), append(last, "'"+word+"':A")
		}
	}
	if !long && len(all) < 2 {
		return "", unsearchable("too_short", "Write three letters of the last name or more.")
	}
	return strings.Join(all, " & ") + " & (" + strings.Join(last, " | ") + ")", nil
}

func unsearchable(code, detail string) *certification.Refusal {
	return certification.Invalid(certification.Finding{Field: "q", Code: code, Detail: detail})
}

// publicCertificate is what anybody may know of a case that has a certificate, and was
// closed at the instant given, if at all.
func (c *Cases) publicCertificate(snapshot []byte, closedAt time.Time, firstName, middleName, lastName string) (PublicCertificate, error) {
	var certified certification.Case
	if err := json.Unmarshal(snapshot, &certified); err != nil || certified.Certificate == nil {
		return PublicCertificate{}, errors.New("the snapshot behind a certificate cannot be decoded")
	}
	return PublicCertificate{
		Number: certified.Certificate.Number, Name: strings.Join(strings.Fields(firstName+" "+middleName+" "+lastName), " "),
		Status: publicStatus(certified, c.now()), IssuedAt: certified.Certificate.IssuedAt, ExpiresAt: publicEnd(certified, closedAt),
	}, nil
}
