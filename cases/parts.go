package cases

import (
	"encoding/base64"
	"strings"
	"time"

	"peercert/certification"
)

// Page asks for a part of a list. Cursor is what an earlier part gave, opaque.
type Page struct {
	Cursor string
	Limit  int // 1 to 100
}

// PartOf is a part of a list. Next is empty at the end.
type PartOf[Item any] struct {
	Items []Item
	Next  string
}

// newest reads a part of a list that begins with the newest, from where page says.
func newest[Row any](page Page, read func(before place, most int32) ([]Row, error), of func(Row) place) (rows []Row, next string, err error) {
	before, err := placeOf(page.Cursor, newestFirst)
	if err != nil {
		return nil, "", err
	}
	if rows, err = read(before, int32(page.Limit+1)); err != nil {
		return nil, "", failed(err, "reading a part of a list")
	}
	rows, next = cut(rows, page.Limit, func(row Row) string { return of(row).String() })
	return rows, next, nil
}

// cut takes a part of at most limit from rows, of which one more was read: that one says
// that the list goes on behind the place of the last.
func cut[Row any](rows []Row, limit int, place func(Row) string) (part []Row, next string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], packCursor(place(rows[limit-1]))
}

// place is where a row is in a list that is ordered by an instant and an id.
type place struct {
	at time.Time
	id string
}

// newestFirst is the place before every row of a list that begins with the newest.
var newestFirst = place{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff"}

func (p place) String() string { return p.at.Format(time.RFC3339Nano) + " " + p.id }

// placeOf reads a cursor; an empty one is the place where the list begins.
func placeOf(cursor string, begin place) (place, error) {
	if cursor == "" {
		return begin, nil
	}
	written, id, ok := strings.Cut(unpackCursor(cursor), " ")
	at, err := time.Parse(time.RFC3339Nano, written)
	if !ok || err != nil || !isID(id) {
		return place{}, badCursor()
	}
	return place{at, id}, nil
}

func packCursor(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func unpackCursor(cursor string) string {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "" // which is no cursor either
	}
	return string(text)
}

func badCursor() error {
	return certification.Malformed(certification.Finding{Field: "cursor", Code: "not_a_cursor", Detail: "Use next_cursor of the part before."})
}
