package cases_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"testing"
	"testing/iotest"

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
		return w.count("FROM inbox WHERE source = $1 AND external_id = $2", cases.SourceDocuments, id)
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
		_, err = upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
		require.NoError(t, err, "and can be sent again")
		_, err = upload(w.Cases, key, certification.DocumentDiploma, io.MultiReader(bytes.NewReader(one[:50]), iotest.ErrReader(cut)))
		require.ErrorIs(t, err, cut, "a repeat that is broken off is no other file")
	})
	t.Run("PostgreSQL is down", func(t *testing.T) {
		key := w.key()
		w.records.Down()
		_, err := upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
		refused(t, certification.RefusedUnavailable, err)
		w.records.Up()
		w.eventually(func() bool { // once the connections that broke are gone
			_, err = upload(w.Cases, key, certification.DocumentDiploma, bytes.NewReader(one))
			return err == nil
		})
	})
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
