package documents

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"peercert/certification"
)

// verdict is a scanner that says what it is told to.
type verdict struct {
	threat string
	err    error
	read   int64
}

func (v *verdict) Scan(_ context.Context, r io.Reader) (string, error) {
	var err error
	v.read, err = io.Copy(io.Discard, r)
	return v.threat, errors.Join(err, v.err)
}

func TestCleanPictureIsShownWithoutItsMetadata(t *testing.T) {
	scanner := new(verdict)
	p := newPlace(t, func(o *Options) { o.Scanner, o.Now = scanner, fixedClock })
	photo := withSegments(jpegOf(t, takenAs(quarters(64, 32), 6)), exifSegment(binary.LittleEndian, 6))
	uploaded := p.stored(t, photo)
	for _, open := range []func(context.Context, certification.Document) (io.ReadCloser, string, int64, error){p.OpenView, p.OpenOriginal} {
		_, _, _, err := open(t.Context(), uploaded)
		require.ErrorIs(t, err, ErrNotClean)
	}

	checked, err := p.Check(t.Context(), uploaded)
	require.NoError(t, err)
	require.Equal(t, certification.DocumentClean, checked.Status)
	require.Equal(t, fixedClock(), checked.CheckedAt)
	require.EqualValues(t, len(photo), scanner.read, "the scanner sees all of it")
	require.Equal(t, "clean/"+checked.ID, checked.CleanKey)
	require.NotEmpty(t, checked.CleanVersion)
	require.Equal(t, "view/"+checked.ID+".jpg", checked.ViewKey)

	view := p.view(t, checked)
	requireQuarters(t, view, 64, 32)
	require.NotContains(t, string(view), gpsCanary)

	body, mediaType, size, err := p.OpenOriginal(t.Context(), checked)
	require.NoError(t, err)
	defer body.Close()
	original, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "image/jpeg", mediaType)
	require.EqualValues(t, len(photo), size)
	require.True(t, bytes.Equal(photo, original))
	p.noSpools(t)
}

func TestCleanPDFIsItsOwnView(t *testing.T) {
	p := newPlace(t)
	checked, err := p.Check(t.Context(), p.stored(t, onePage()))
	require.NoError(t, err)
	require.Equal(t, checked.CleanKey, checked.ViewKey)
	require.Equal(t, onePage(), p.view(t, checked))
	_, mediaType, _, err := p.OpenView(t.Context(), checked)
	require.NoError(t, err)
	require.Equal(t, "application/pdf", mediaType)
}

// TestCheckReadsTheVersionThatWasUploaded writes over the quarantined key after the
// upload, as somebody with a key to the bucket could.
func TestCheckReadsTheVersionThatWasUploaded(t *testing.T) {
	p := newPlace(t)
	uploaded := p.stored(t, onePage())
	p.put(t, uploaded.QuarantineKey, "something else")
	checked, err := p.Check(t.Context(), uploaded)
	require.NoError(t, err)
	require.Equal(t, onePage(), p.view(t, checked))

	p.put(t, checked.CleanKey, "something else")
	require.Equal(t, onePage(), p.view(t, checked), "what is read is the version that was scanned")

	uploaded = p.stored(t, onePage())
	p.put(t, uploaded.QuarantineKey, "something else")
	uploaded.QuarantineVersion = ""
	checked, err = p.Check(t.Context(), uploaded)
	require.NoError(t, err)
	require.Equal(t, certification.DocumentRefused, checked.Status)
}

func TestRepeatedCheckChangesNothing(t *testing.T) {
	p := newPlace(t, func(o *Options) { o.Now = fixedClock })
	uploaded := p.stored(t, jpegOf(t, quarters(64, 32)))
	first, err := p.Check(t.Context(), uploaded)
	require.NoError(t, err)
	// The records did not hear of the first check.
	second, err := p.Check(t.Context(), uploaded)
	require.NoError(t, err)
	require.Equal(t, first, second)
	// They did.
	third, err := p.Check(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, first, third)
}

func TestInfectedDocumentIsNeverReadable(t *testing.T) {
	p := newPlace(t, func(o *Options) { o.Scanner = &verdict{threat: "Eicar-Test-Signature"} })
	uploaded := p.stored(t, onePage())
	checked, err := p.Check(t.Context(), uploaded)
	require.NoError(t, err)
	require.Equal(t, certification.DocumentInfected, checked.Status)
	require.Equal(t, "Eicar-Test-Signature", checked.Threat)
	require.False(t, checked.CheckedAt.IsZero())
	require.Equal(t, []string{uploaded.QuarantineKey}, p.keys(t))
	_, _, _, err = p.OpenView(t.Context(), checked)
	require.ErrorIs(t, err, ErrNotClean)
	_, _, _, err = p.OpenOriginal(t.Context(), checked)
	require.ErrorIs(t, err, ErrNotClean)
}

func TestScannerThatFailsLeavesTheDocumentUnchecked(t *testing.T) {
	p := newPlace(t, func(o *Options) { o.Scanner = &verdict{err: errors.New("clamd is gone")} })
	uploaded := p.stored(t, onePage())
	checked, err := p.Check(t.Context(), uploaded)
	require.ErrorIs(t, err, ErrUnavailable)
	require.Equal(t, certification.DocumentChecking, checked.Status)
	require.Equal(t, []string{uploaded.QuarantineKey}, p.keys(t))
	p.noSpools(t)
}

func TestRequiredScannerMustBeThere(t *testing.T) {
	_, err := New(t.Context(), Options{Bucket: "b", Region: "us-west-2", Now: fixedClock, ScanRequired: true})
	require.ErrorContains(t, err, "scanner")
}

// TestPictureThatOnlyLooksWholeIsRefused damages a picture inside, where its head and
// its end do not tell.
func TestPictureThatOnlyLooksWholeIsRefused(t *testing.T) {
	p := newPlace(t)
	drawing := pngOf(t, quarters(400, 300))
	at := bytes.Index(drawing, []byte("IDAT"))
	drawing[at+20] ^= 0xFF
	uploaded := p.stored(t, drawing)
	checked, err := p.Check(t.Context(), uploaded)
	require.NoError(t, err)
	require.Equal(t, certification.DocumentRefused, checked.Status)
	require.Equal(t, certification.DocumentUnreadable, checked.RefusalCode)
	require.Empty(t, checked.ViewKey)
	require.Equal(t, []string{uploaded.QuarantineKey}, p.keys(t))
}

// What was uploaded and is not there any more cannot be checked by trying on: the person is
// asked for it again.
func TestWhatWasLostIsAFinding(t *testing.T) {
	lost := func(t *testing.T, p place, uploaded certification.Document) {
		t.Helper()
		checked, err := p.Check(t.Context(), uploaded)
		require.NoError(t, err)
		require.Equal(t, certification.DocumentRefused, checked.Status)
		require.Equal(t, certification.DocumentLost, checked.RefusalCode)
		require.NotZero(t, checked.CheckedAt)
		require.Empty(t, checked.CleanKey+checked.ViewKey)
		p.noSpools(t)
	}
	t.Run("gone", func(t *testing.T) {
		p := newPlace(t)
		uploaded := p.stored(t, onePage())
		require.NoError(t, p.Delete(t.Context(), uploaded))
		lost(t, p, uploaded)
		uploaded.QuarantineVersion = ""
		lost(t, p, uploaded)
	})
	t.Run("something else", func(t *testing.T) {
		p := newPlace(t)
		uploaded := p.stored(t, onePage())
		uploaded.QuarantineVersion = ""
		p.put(t, uploaded.QuarantineKey, "something else")
		lost(t, p, uploaded)
	})
	t.Run("its clean place is taken", func(t *testing.T) {
		p := newPlace(t)
		uploaded := p.stored(t, onePage())
		p.put(t, cleanKey(uploaded.ID), "something else")
		lost(t, p, uploaded)
	})
	t.Run("a bucket that is not there is no finding", func(t *testing.T) {
		p := newPlace(t)
		uploaded := p.stored(t, onePage())
		p.Documents.bucket = "another-" + p.Documents.bucket
		_, err := p.Check(t.Context(), uploaded)
		require.Error(t, err)
	})
}
