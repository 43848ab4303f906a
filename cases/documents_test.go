package cases_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
)

// picture is a PNG of one color.
func picture(t *testing.T, shade uint8) []byte {
	t.Helper()
	page := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range page.Pix {
		page.Pix[i] = color.Gray{Y: shade}.Y
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, page))
	return file.Bytes()
}

func TestUploads(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.made(certification.StageApplication)
	upload := func(door *cases.Cases, key string, kind certification.DocumentKind, body io.Reader) (certification.Document, error) {
		return door.Upload(ctx, p.actor, cases.Upload{CaseID: p.caseID, Key: key, Kind: kind, FileName: "Zoë's ID.png", Body: body})
	}
	rows := func() int { return w.count("FROM documents WHERE case_id = $1", p.caseID) }
	due := func(id string) int {
		return w.count("FROM inbox WHERE source = $1 AND external_id = $2", certification.SourceDocuments, id)
	}
	one, other := picture(t, 100), picture(t, 200)

	key := w.key()
	first, err := upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(one))
	require.NoError(t, err)
	require.Equal(t, certification.DocumentChecking, first.Status)
	require.Equal(t, "image/png", first.MediaType)
	require.Equal(t, "Zoë's ID.png", first.FileName)
	require.Equal(t, 1, due(first.ID))

	t.Run("the same key and file give the same answer", func(t *testing.T) {
		for range 2 {
			again, err := upload(w.process(), key, certification.DocumentPhotoID, bytes.NewReader(one))
			require.NoError(t, err)
			require.Equal(t, first, again)
		}
		require.Equal(t, 1, rows())
		// The process ended between storing and answering.
		w.exec("UPDATE idempotency_keys SET answer = NULL WHERE key = $1", key)
		again, err := upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(one))
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, first.FileName, again.FileName)
		require.Equal(t, 1, rows())
		require.Equal(t, 1, due(first.ID))
	})
	t.Run("the same key with another file, or kind, is refused", func(t *testing.T) {
		_, err := upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(other))
		refused(t, certification.RefusedIdempotencyKeyReused, err)
		_, err = upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(append(bytes.Clone(one), 0)))
		refused(t, certification.RefusedIdempotencyKeyReused, err)
		_, err = upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
		refused(t, certification.RefusedIdempotencyKeyReused, err)
		w.exec("UPDATE idempotency_keys SET answer = NULL WHERE key = $1", key)
		_, err = upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(other))
		refused(t, certification.RefusedIdempotencyKeyReused, err)
		_, err = upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(one))
		require.NoError(t, err)
	})
	t.Run("twice at once is one document", func(t *testing.T) {
		key, before := w.key(), rows()
		documents, failures := atOnce(4, func(int) (certification.Document, error) {
			return upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
		})
		for i := range documents {
			require.NoError(t, failures[i])
			require.Equal(t, documents[0], documents[i])
		}
		require.Equal(t, before+1, rows())
	})
	t.Run("two files at once under one key: one wins", func(t *testing.T) {
		key := w.key()
		_, failures := atOnce(2, func(i int) (certification.Document, error) {
			return upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader([][]byte{one, other}[i]))
		})
		require.True(t, (failures[0] == nil) != (failures[1] == nil), "%v", failures)
		refused(t, certification.RefusedIdempotencyKeyReused, errors.Join(failures...))
	})
	t.Run("one that is refused or broken off leaves nothing", func(t *testing.T) {
		before := rows()
		_, err := upload(w.Cases, w.key(), certification.DocumentDiploma, bytes.NewReader([]byte("no picture")))
		require.Equal(t, []string{"file document-type-not-accepted"}, found(refused(t, certification.RefusedInvalid, err)))
		_, err = upload(w.Cases, w.key(), certification.DocumentDiploma, bytes.NewReader(nil))
		require.Equal(t, []string{"file document-empty"}, found(refused(t, certification.RefusedInvalid, err)))
		key := w.key()
		cut := errors.New("the sender went away")
		_, err = upload(w.Cases, key, certification.DocumentDiploma, io.MultiReader(bytes.NewReader(one[:50]), iotest.ErrReader(cut)))
		require.ErrorIs(t, err, cut)
		require.Equal(t, before, rows())
		_, err = upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(other))
		require.NoError(t, err, "what broke off left nothing, so its key is free for any file")
		key = w.key()
		_, err = upload(w.Cases, key, certification.DocumentDiploma, io.MultiReader(bytes.NewReader(one[:50]), iotest.ErrReader(cut)))
		require.ErrorIs(t, err, cut)
		_, err = upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
		require.NoError(t, err, "and can be sent again")
		_, err = upload(w.Cases, key, certification.DocumentDiploma, io.MultiReader(bytes.NewReader(one[:50]), iotest.ErrReader(cut)))
		require.ErrorIs(t, err, cut, "a repeat that is broken off is no other file")
	})
	t.Run("a file that was refused keeps its key", func(t *testing.T) {
		tooLarge := func(end byte) io.Reader {
			return io.MultiReader(io.LimitReader(zeros{}, certification.MaxDocumentBytes), bytes.NewReader([]byte{end, end}))
		}
		for name, bad := range map[string]struct {
			first, same, changed func() io.Reader
			code                 string
		}{
			"no picture": {
				first: func() io.Reader { return strings.NewReader("no picture") }, same: func() io.Reader { return iotest.OneByteReader(strings.NewReader("no picture")) },
				changed: func() io.Reader { return strings.NewReader("no picture either") }, code: "document-type-not-accepted",
			},
			"empty": {
				first: func() io.Reader { return strings.NewReader("") }, same: func() io.Reader { return strings.NewReader("") },
				changed: func() io.Reader { return strings.NewReader("x") }, code: "document-empty",
			},
			"too large": {
				first: func() io.Reader { return tooLarge(1) }, same: func() io.Reader { return tooLarge(1) },
				changed: func() io.Reader { return tooLarge(2) }, code: "document-too-large",
			},
		} {
			key, before := w.key(), rows()
			_, err := upload(w.Cases, key, certification.DocumentDiploma, bad.first())
			require.Equal(t, []string{"file " + bad.code}, found(refused(t, certification.RefusedInvalid, err)), name)
			_, err = upload(w.process(), key, certification.DocumentDiploma, bad.same())
			require.Equal(t, []string{"file " + bad.code}, found(refused(t, certification.RefusedInvalid, err)), "%s: the same file, the same answer", name)
			_, err = upload(w.Cases, key, certification.DocumentDiploma, bad.changed())
			refused(t, certification.RefusedIdempotencyKeyReused, err)
			_, err = upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(other))
			refused(t, certification.RefusedIdempotencyKeyReused, err)
			require.Equal(t, before, rows(), name)
		}
	})
	t.Run("PostgreSQL is down", func(t *testing.T) {
		key := w.key()
		w.records.Down()
		_, err := upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
		refused(t, certification.RefusedUnavailable, err)
		w.back(w.records)
		w.eventually(func() bool { // once the connections that broke are gone
			_, err = upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
			return err == nil
		})
	})
	t.Run("also after the document was deleted, and the case closed", func(t *testing.T) {
		key := w.key()
		first, err := upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(one))
		require.NoError(t, err)
		require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, first.ID))
		w.exec("UPDATE cases SET stage = 'closed', snapshot = jsonb_set(snapshot, '{stage}', '\"closed\"') WHERE id = $1", p.caseID)
		_, err = upload(w.Cases, w.key(), certification.DocumentPhotoID, iotest.ErrReader(errors.New("read")))
		refused(t, certification.RefusedClosed, err)
		again, err := upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(one))
		require.NoError(t, err)
		require.Equal(t, first, again)
		_, err = upload(w.Cases, key, certification.DocumentPhotoID, bytes.NewReader(other))
		refused(t, certification.RefusedIdempotencyKeyReused, err)
	})
}

// zeros is a file without an end.
type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	clear(into)
	return len(into), nil
}

func TestACaseTakesSoManyDocuments(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	file := picture(t, 100)
	upload := func(p *person, key string, kind certification.DocumentKind, body io.Reader) (certification.Document, error) {
		return w.Upload(ctx, p.actor, cases.Upload{CaseID: p.caseID, Key: key, Kind: kind, FileName: "id.png", Body: body})
	}
	unread := func() io.Reader { return iotest.ErrReader(errors.New("it was read")) }
	tooMany := func(err error) {
		t.Helper()
		require.Equal(t, []string{"file " + certification.DocumentTooMany}, found(refused(t, certification.RefusedInvalid, err)))
	}

	t.Run("of a kind", func(t *testing.T) {
		p := w.made(certification.StageApplication)
		for range certification.MaxDocumentsOfKind - 1 {
			p.document(certification.DocumentPhotoID, certification.DocumentClean)
		}
		_, failures := atOnce(4, func(i int) (certification.Document, error) {
			return upload(p, w.key(), certification.DocumentPhotoID, bytes.NewReader(picture(t, uint8(i))))
		})
		taken := 0
		for _, err := range failures {
			if err == nil {
				taken++
			} else {
				tooMany(err)
			}
		}
		require.Equal(t, 1, taken, "of four at once for one place")
		_, err := upload(p, w.key(), certification.DocumentPhotoID, unread())
		tooMany(err)
		_, err = upload(p, w.key(), certification.DocumentDiploma, bytes.NewReader(file))
		require.NoError(t, err, "another kind has room of its own")

		documents, err := w.Documents(ctx, p.actor, p.caseID)
		require.NoError(t, err)
		require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, documents[0].ID))
		key := w.key()
		last, err := upload(p, key, certification.DocumentPhotoID, bytes.NewReader(file))
		require.NoError(t, err, "one that was deleted makes room")
		w.exec("UPDATE idempotency_keys SET answer = NULL WHERE key = $1", key)
		again, err := upload(p, key, certification.DocumentPhotoID, bytes.NewReader(file))
		require.NoError(t, err, "a repeat needs no room")
		require.Equal(t, last.ID, again.ID)
	})
	t.Run("those that were handed in leave room", func(t *testing.T) {
		p := w.made(certification.StageApplicationReturned)
		var ids []string
		for range certification.MaxDocumentsOfKind {
			ids = append(ids, p.document(certification.DocumentPhotoID, certification.DocumentClean))
		}
		_, err := upload(p, w.key(), certification.DocumentPhotoID, unread())
		tooMany(err)
		w.exec(`UPDATE case_events SET event = jsonb_set(event, '{details}', jsonb_build_object('documents', $2::text[])) WHERE case_id = $1`, p.caseID, ids)
		_, err = upload(p, w.key(), certification.DocumentPhotoID, bytes.NewReader(file))
		require.NoError(t, err)
	})
	t.Run("in all, with those that are gone", func(t *testing.T) {
		p := w.made(certification.StageApplication)
		p.document(certification.DocumentDiploma, certification.DocumentClean) // of before they were counted
		for i := range 2 {
			document, err := upload(p, w.key(), certification.DocumentPhotoID, bytes.NewReader(picture(t, uint8(i))))
			require.NoError(t, err)
			require.NoError(t, w.RemoveDocument(ctx, p.actor, w.key(), p.caseID, document.ID))
		}
		require.Equal(t, 1, w.count("FROM uploads WHERE case_id = $1 AND taken = 3", p.caseID))
		w.exec("UPDATE uploads SET taken = $2 WHERE case_id = $1", p.caseID, certification.MaxUploads-1)
		key := w.key()
		last, err := upload(p, key, certification.DocumentPhotoID, bytes.NewReader(file))
		require.NoError(t, err)
		_, err = upload(p, w.key(), certification.DocumentPhotoID, unread())
		require.Equal(t, []string{"file " + certification.DocumentNoMore}, found(refused(t, certification.RefusedInvalid, err)))
		again, err := upload(p, key, certification.DocumentPhotoID, bytes.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, last, again)
	})
}

// A part goes on where the one before ended, also between rows of one instant.
func TestListsInParts(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	p := w.made(certification.StageApplication)
	w.exec("INSERT INTO notices (id, case_id, revision, letter, facts, created_at) SELECT gen_random_uuid(), $1, 1, 'withdrawn', '{}', now() - (i / 3) * interval '1 s' FROM generate_series(1, 7) i", p.caseID)
	w.exec("INSERT INTO payments (id, case_id, revision, fee, amount_cents, currency, status, asked_at) SELECT gen_random_uuid(), $1, 1, 'exam', 100, 'usd', 'failed', now() - (i / 3) * interval '1 s' FROM generate_series(1, 7) i", p.caseID)
	at := w.now()
	for i := range 7 {
		id := p.document([]certification.DocumentKind{certification.DocumentPhotoID, certification.DocumentDiploma}[i%2], certification.DocumentClean)
		w.exec("UPDATE documents SET uploaded_at = $2 WHERE id = $1", id, at.Add(-time.Duration(i/3)*time.Second))
	}
	type ids = cases.PartOf[string]
	letters := func(page cases.Page) (ids, error) {
		part, err := w.LettersPart(ctx, reviewer("r-1"), p.caseID, page)
		return idsOf(part, func(l cases.Letter) string { return l.ID }), err
	}
	payments := func(page cases.Page) (ids, error) {
		part, err := w.PaymentsPart(ctx, p.actor, p.caseID, page)
		return idsOf(part, func(p cases.Payment) string { return p.ID }), err
	}
	documents := func(kind certification.DocumentKind) func(page cases.Page) (ids, error) {
		return func(page cases.Page) (ids, error) {
			part, err := w.DocumentsPart(ctx, p.actor, p.caseID, kind, page)
			return idsOf(part, func(d certification.Document) string { return d.ID }), err
		}
	}
	for name, list := range map[string]struct {
		read    func(cases.Page) (ids, error)
		ordered string
	}{
		"letters":   {letters, "SELECT id::text FROM notices WHERE case_id = $1 ORDER BY created_at DESC, id DESC"},
		"payments":  {payments, "SELECT id::text FROM payments WHERE case_id = $1 ORDER BY asked_at DESC, id DESC"},
		"documents": {documents(""), "SELECT id::text FROM documents WHERE case_id = $1 ORDER BY uploaded_at DESC, id DESC"},
		"diplomas":  {documents(certification.DocumentDiploma), "SELECT id::text FROM documents WHERE case_id = $1 AND kind = 'diploma' ORDER BY uploaded_at DESC, id DESC"},
	} {
		var want []string
		rows, err := w.sql.Query(ctx, list.ordered, p.caseID)
		require.NoError(t, err)
		want, err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, limit := range []int{1, 2, len(want), 100} {
			var got []string
			for page := (cases.Page{Limit: limit}); ; {
				part, err := list.read(page)
				require.NoError(t, err, name)
				require.LessOrEqual(t, len(part.Items), limit, name)
				got = append(got, part.Items...)
				if page.Cursor = part.Next; part.Next == "" {
					break
				}
				require.Len(t, part.Items, limit, name)
			}
			require.Equal(t, want, got, "%s by %d", name, limit)
		}
		for _, cursor := range []string{"x", "!", base64.RawURLEncoding.EncodeToString([]byte("yesterday 1"))} {
			_, err := list.read(cases.Page{Cursor: cursor, Limit: 2})
			require.Equal(t, []string{"cursor not_a_cursor"}, found(refused(t, certification.RefusedMalformed, err)), name)
		}
	}
}

func idsOf[Item any](part cases.PartOf[Item], id func(Item) string) cases.PartOf[string] {
	of := cases.PartOf[string]{Next: part.Next}
	for _, item := range part.Items {
		of.Items = append(of.Items, id(item))
	}
	return of
}

func TestReadingADocument(t *testing.T) {
	w := alive(t)
	ctx := t.Context()
	p := w.person()
	file := picture(t, 100)
	document, err := p.Upload(ctx, p.actor, cases.Upload{CaseID: p.caseID, Key: w.key(), Kind: certification.DocumentPhotoID, FileName: "Zoë.png", Body: bytes.NewReader(file)})
	require.NoError(t, err)
	p.eventually(func() bool {
		checked, err := p.Document(ctx, p.actor, p.caseID, document.ID)
		require.NoError(t, err)
		require.Equal(t, "Zoë.png", checked.FileName)
		return checked.Status == certification.DocumentClean
	})
	read := func(actor certification.Actor) []byte {
		t.Helper()
		content, err := p.Content(ctx, actor, p.caseID, document.ID, cases.PurposeReview)
		require.NoError(t, err)
		defer content.Close()
		all, err := io.ReadAll(content)
		require.NoError(t, err)
		require.EqualValues(t, len(all), content.Bytes)
		return all
	}
	require.Equal(t, file, read(p.actor), "the owner gets the file as it was")
	require.Zero(t, w.count("FROM reads"))
	_, _, err = image.Decode(bytes.NewReader(read(reviewer("r-1"))))
	require.NoError(t, err)
	require.Equal(t, 1, w.count("FROM reads WHERE actor_id = 'r-1' AND what = $1", "document:"+document.ID))
	shown, err := p.Document(ctx, reviewer("r-1"), p.caseID, document.ID)
	require.NoError(t, err)
	require.Empty(t, shown.FileName, "people write their names into file names")
	p.eventually(func() bool { return len(p.log()) > 1 && p.log()[1] == "document-checked" })

	for status, kind := range map[certification.DocumentStatus]string{
		certification.DocumentChecking: certification.RefusedNotReady, certification.DocumentInfected: certification.RefusedNotFound,
		certification.DocumentRefused: certification.RefusedNotFound,
	} {
		_, err := p.Content(ctx, reviewer("r-1"), p.caseID, p.document(certification.DocumentDiploma, status), cases.PurposeReview)
		refused(t, kind, err)
	}
	require.Equal(t, 1, w.count("FROM reads"))
}
