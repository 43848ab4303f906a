package documents

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/stretchr/testify/require"

	"peercert/certification"
)

func TestAcceptedFilesAreStoredUnderTheirID(t *testing.T) {
	p := newPlace(t)
	for name, test := range map[string]struct {
		body      []byte
		mediaType string
	}{
		"a JPEG":                      {jpegOf(t, quarters(40, 30)), "image/jpeg"},
		"a photo with metadata":       {withSegments(jpegOf(t, quarters(40, 30)), exifSegment(binary.BigEndian, 6)), "image/jpeg"},
		"a JPEG with a video behind":  {append(jpegOf(t, quarters(40, 30)), "ftypmp42 and so on"...), "image/jpeg"},
		"a PNG":                       {pngOf(t, quarters(40, 30)), "image/png"},
		"a PNG with HTML behind":      {append(pngOf(t, quarters(40, 30)), "<script>alert(1)</script>"...), "image/png"},
		"exactly 25 MiB":              {jpegOfSize(t, certification.MaxDocumentBytes), "image/jpeg"},
		"a PDF":                       {onePage(), "application/pdf"},
		"a PDF with object streams":   {optimized(t, onePage()), "application/pdf"},
		"a PDF locked for changes":    {encrypted(t, onePage(), "", "owner"), "application/pdf"},
		"a PDF that opens at a page":  {onePageWith("/OpenAction [3 0 R /Fit]"), "application/pdf"},
		"a form that checks its date": {onePageWith("/AcroForm <</Fields [5 0 R]>>", "<</FT /Tx /T (date) /AA <</F <</S /JavaScript /JS (AFDate_FormatEx)>>>>>>"), "application/pdf"},
		"a PDF with a file attached":  {onePageWith("/Names <</EmbeddedFiles <</Names [(a.xml) 5 0 R]>>>>", "<</Type /Filespec /F (a.xml)>>"), "application/pdf"},
	} {
		t.Run(name, func(t *testing.T) {
			id := newID(t)
			stored, err := p.Store(t.Context(), id, bytes.NewReader(test.body))
			require.NoError(t, err)
			sum := sha256.Sum256(test.body)
			require.Equal(t, "quarantine/"+id, stored.Key)
			require.NotEmpty(t, stored.Version)
			require.Equal(t, test.mediaType, stored.MediaType)
			require.EqualValues(t, len(test.body), stored.Bytes)
			require.Equal(t, hex.EncodeToString(sum[:]), stored.SHA256)

			body, _, err := p.open(t.Context(), stored.Key, stored.Version)
			require.NoError(t, err)
			defer body.Close()
			there, err := io.ReadAll(body)
			require.NoError(t, err)
			require.True(t, bytes.Equal(test.body, there), "the bucket has other bytes")
		})
	}
	p.noSpools(t)
}

func TestRefusedFilesAreNotStored(t *testing.T) {
	p := newPlace(t)
	photo, drawing := jpegOf(t, quarters(400, 300)), pngOf(t, quarters(400, 300))
	script := "<</S /JavaScript /JS (app.alert\\(1\\))>>"
	for name, test := range map[string]struct {
		body []byte
		code string
	}{
		"nothing":                      {nil, certification.DocumentEmpty},
		"25 MiB and one byte":          {append(jpegOfSize(t, certification.MaxDocumentBytes), 0), certification.DocumentTooLarge},
		"a HEIC photo":                 {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), certification.DocumentHEIC},
		"a HEIF photo":                 {[]byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic"), certification.DocumentHEIC},
		"an SVG with a script":         {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), certification.DocumentTypeNotAccepted},
		"HTML with a PNG behind":       {append([]byte("<!doctype html><script>alert(1)</script>"), drawing...), certification.DocumentTypeNotAccepted},
		"a GIF that is a program too":  {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;PK\x03\x04"), certification.DocumentTypeNotAccepted},
		"a ZIP":                        {[]byte("PK\x03\x04\x14\x00\x00\x00\x00\x00"), certification.DocumentTypeNotAccepted},
		"a program":                    {[]byte("\x7fELF\x02\x01\x01\x00"), certification.DocumentTypeNotAccepted},
		"words":                        {[]byte("my diploma"), certification.DocumentTypeNotAccepted},
		"a WebP picture":               {[]byte("RIFF\x24\x00\x00\x00WEBPVP8 "), certification.DocumentTypeNotAccepted},
		"half a JPEG":                  {photo[:len(photo)/2], certification.DocumentCutOff},
		"a JPEG without its end":       {photo[:len(photo)-2], certification.DocumentCutOff},
		"half a photo with a preview":  {withSegments(photo, segment(jpegAPP1, jpegOf(t, quarters(8, 8))))[:len(photo)/2+600], certification.DocumentCutOff},
		"the head of a JPEG":           {photo[:20], certification.DocumentCutOff},
		"half a PNG":                   {drawing[:len(drawing)/2], certification.DocumentCutOff},
		"a JPEG of nonsense":           {[]byte("\xFF\xD8\xFF\xDB\x00\x01 and so on"), certification.DocumentUnreadable},
		"a PNG of 50,000 by 50,000":    {pngHeader(50_000, 50_000), certification.DocumentTooManyPixels},
		"a JPEG of endless passes":     {append(photo[:len(photo)-2:len(photo)-2], bytes.Repeat([]byte("\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00"), 101)...), certification.DocumentUnreadable},
		"the head of a PDF":            {[]byte("%PDF-1.7\n"), certification.DocumentCutOff},
		"half a PDF":                   {onePage()[:200], certification.DocumentCutOff},
		"a PDF without its middle":     {append(onePage()[:160], "\n%%EOF\n"...), certification.DocumentUnreadable},
		"a PDF of nonsense":            {[]byte("%PDF-1.7\nmy diploma\n%%EOF\n"), certification.DocumentUnreadable},
		"a PDF whose pages are a ring": {pdfOf("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [2 0 R] /Count 1>>"), certification.DocumentUnreadable},
		"a PDF without pages":          {pdfOf("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [] /Count 0>>"), certification.DocumentNoPages},
		"a PDF with a password":        {encrypted(t, onePage(), "secret", "owner"), certification.DocumentEncrypted},
		"a PDF with a startup script":  {onePageWith("/OpenAction " + script), certification.DocumentActive},
		"a PDF with a later script":    {onePageWith("/OpenAction <</S /GoTo /D [3 0 R /Fit] /Next 5 0 R>>", script), certification.DocumentActive},
		"a PDF with a named script":    {onePageWith("/Names <</JavaScript <</Names [(a) 5 0 R]>>>>", script), certification.DocumentActive},
		"a PDF with a closing script":  {onePageWith("/AA <</WC 5 0 R>>", script), certification.DocumentActive},
		"a PDF with endless actions":   {onePageWith("/OpenAction 5 0 R", "<</S /GoTo /D [3 0 R /Fit] /Next 5 0 R>>"), certification.DocumentActive},
		"a PDF that starts a program":  {onePageWith("", "<</S /Launch /F (cmd.exe)>>"), certification.DocumentActive},
		"the same, packed":             {optimized(t, onePageWith("/PageLabels 5 0 R", "<</Nums [0 <</P (x) /A <</S /L#61unch /F (cmd.exe)>>>>]>>")), certification.DocumentActive},
		"a PDF that unfolds to 1 GiB":  {pdfBomb(t, 1<<30), certification.DocumentUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Store(t.Context(), newID(t), bytes.NewReader(test.body))
			require.Equal(t, test.code, refusalCode(err), "%v", err)
			refusal, ok := certification.RefusalOf(err)
			require.True(t, ok)
			require.Equal(t, certification.RefusedInvalid, refusal.Type)
			require.Equal(t, test.code, refusal.Findings[0].Code)
			require.NotEmpty(t, refusal.Findings[0].Detail)
		})
	}
	require.Empty(t, p.keys(t), "something was stored")
	p.noSpools(t)
}

func TestBombedPDFDoesNotFillTheMemory(t *testing.T) {
	documents := &Documents{tempDir: t.TempDir(), pdfs: make(chan struct{}, 1)}
	file, err := documents.spool(bytes.NewReader(pdfBomb(t, 1<<30)))
	require.NoError(t, err)
	defer file.Close()
	allocated := allocatedBy(func() { err = documents.inspectPDF(t.Context(), file) })
	require.Equal(t, certification.DocumentUnreadable, refusalCode(err))
	require.Less(t, allocated, uint64(200<<20))
}

func TestOnlyUUIDsBecomeKeys(t *testing.T) {
	p := newPlace(t)
	for _, id := range []string{"", "../clean/x", "a/b", "my diploma.pdf", "{0199aa11-0000-7000-8000-000000000000}", "0199AA11-0000-7000-8000-000000000000"} {
		_, err := p.Store(t.Context(), id, bytes.NewReader(jpegOf(t, quarters(8, 8))))
		require.Error(t, err, id)
	}
	require.Empty(t, p.keys(t))
}

func TestInterruptedUploadLeavesNothing(t *testing.T) {
	p := newPlace(t)
	photo := jpegOf(t, quarters(400, 300))
	lost := errors.New("connection reset")
	_, err := p.Store(t.Context(), newID(t), io.MultiReader(bytes.NewReader(photo[:len(photo)/2]), brokenReader{lost}))
	require.ErrorIs(t, err, lost)
	require.NotErrorIs(t, err, ErrUnavailable)

	_, err = p.Store(canceled(), newID(t), bytes.NewReader(photo))
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Store(canceled(), newID(t), bytes.NewReader(onePage()))
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, refusalIn(err), "a person who went away was told that the file is bad")

	require.Empty(t, p.keys(t))
	p.noSpools(t)
}

func TestRepeatedUploadGivesTheSameAnswer(t *testing.T) {
	p := newPlace(t)
	id, photo := newID(t), jpegOf(t, quarters(40, 30))
	first, err := p.Store(t.Context(), id, bytes.NewReader(photo))
	require.NoError(t, err)
	second, err := p.Store(t.Context(), id, bytes.NewReader(photo))
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Len(t, p.keys(t), 1)

	_, err = p.Store(t.Context(), id, bytes.NewReader(onePage()))
	require.ErrorIs(t, err, ErrOtherContent)
	require.NotErrorIs(t, err, ErrUnavailable)
	require.Len(t, p.keys(t), 1)
}

// TestLostAnswerIsNoSecondUpload drops the storage's answer to the first write after
// the write was made.
func TestLostAnswerIsNoSecondUpload(t *testing.T) {
	var lost, heads atomic.Int32
	p := newPlace(t, func(o *Options) {
		target, err := url.Parse(o.Endpoint)
		require.NoError(t, err)
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is in the signature
		}}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				heads.Add(1)
			}
			if r.Method == http.MethodPut && lost.CompareAndSwap(0, 1) {
				answer := httptest.NewRecorder()
				proxy.ServeHTTP(answer, r)
				if answer.Code != http.StatusOK {
					t.Errorf("the first write was answered with %d", answer.Code)
				}
				panic(http.ErrAbortHandler)
			}
			proxy.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		o.Endpoint = server.URL
	})
	stored, err := p.Store(t.Context(), newID(t), bytes.NewReader(jpegOf(t, quarters(40, 30))))
	require.NoError(t, err)
	require.NotEmpty(t, stored.Version)
	require.EqualValues(t, 1, lost.Load())
	require.EqualValues(t, 1, heads.Load(), "the second write was to find the first")
	require.Len(t, p.keys(t), 1)
}

func TestStorageThatIsDownIsNoRefusalOfTheFile(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	documents, err := New(t.Context(), Options{
		Endpoint: "http://" + address, Region: "us-west-2", Bucket: "none", AccessKey: "a", SecretKey: "b",
		TempDir: t.TempDir(), Now: fixedClock,
	})
	require.NoError(t, err)
	require.ErrorIs(t, documents.Ping(t.Context()), ErrUnavailable)
	_, err = documents.Store(t.Context(), newID(t), bytes.NewReader(jpegOf(t, quarters(40, 30))))
	require.ErrorIs(t, err, ErrUnavailable)
	require.Empty(t, refusalIn(err))
	refusal, ok := certification.RefusalOf(err)
	require.True(t, ok)
	require.Equal(t, certification.RefusedUnavailable, refusal.Type)
	require.Positive(t, refusal.RetryAfter)
}

func TestDiskThatIsGoneIsNoRefusalOfTheFile(t *testing.T) {
	documents := &Documents{tempDir: filepath.Join(t.TempDir(), "gone")}
	_, err := documents.Store(t.Context(), newID(t), bytes.NewReader(jpegOf(t, quarters(8, 8))))
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestPing(t *testing.T) {
	p := newPlace(t)
	require.NoError(t, p.Ping(t.Context()))
	p.Documents.bucket = "no-such-bucket-here"
	require.ErrorIs(t, p.Ping(t.Context()), ErrUnavailable)
}

// TestLargeUploadNeedsNoMoreMemory counts everything that is allocated, which is more
// than what is held at any time.
func TestLargeUploadNeedsNoMoreMemory(t *testing.T) {
	p := newPlace(t)
	store := func(body []byte) uint64 {
		id := newID(t)
		return allocatedBy(func() {
			_, err := p.Store(t.Context(), id, bytes.NewReader(body))
			require.NoError(t, err)
		})
	}
	small, large := jpegOfSize(t, 1<<20), jpegOfSize(t, certification.MaxDocumentBytes)
	store(small) // connections and pools
	little, much := store(small), store(large)
	t.Logf("1 MiB allocates %d KiB, 25 MiB allocates %d KiB", little>>10, much>>10)
	require.Less(t, much, little+4<<20)
}

func allocatedBy(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func refusalIn(err error) string {
	var refusal *certification.DocumentRefusal
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return ""
}

// The awkward files.

func pngHeader(width, height uint32) []byte {
	header := binary.BigEndian.AppendUint32(nil, width)
	header = binary.BigEndian.AppendUint32(header, height)
	header = append(header, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header)...)
	return append(out, chunk("IEND", nil)...)
}

func pdfcpuSettings() *model.Configuration {
	api.DisableConfigDir()
	return model.NewDefaultConfiguration()
}

func optimized(t testing.TB, pdf []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, api.Optimize(bytes.NewReader(pdf), &out, pdfcpuSettings()))
	require.Contains(t, out.String(), "/ObjStm")
	return out.Bytes()
}

func encrypted(t testing.TB, pdf []byte, userPassword, ownerPassword string) []byte {
	t.Helper()
	settings := pdfcpuSettings()
	settings.UserPW, settings.OwnerPW = userPassword, ownerPassword
	var out bytes.Buffer
	require.NoError(t, api.Encrypt(bytes.NewReader(pdf), &out, settings))
	require.Contains(t, out.String(), "/Encrypt")
	return out.Bytes()
}

// pdfBomb is a small PDF with 64 streams of objects that unfold to so many bytes
// together.
func pdfBomb(t testing.TB, unfolded int) []byte {
	t.Helper()
	const streams = 64
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, err := io.WriteString(w, "4 0 <</X (")
	require.NoError(t, err)
	filling := bytes.Repeat([]byte{' '}, 1<<20)
	for range unfolded / streams / len(filling) {
		_, err := w.Write(filling)
		require.NoError(t, err)
	}
	_, err = io.WriteString(w, ")>>")
	require.NoError(t, err)
	require.NoError(t, w.Close())

	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n")
	rows := []byte{0, 0, 0, 0, 0, 0, 0}
	begin := func(number int) {
		rows = append(rows, 1)
		rows = binary.BigEndian.AppendUint32(rows, uint32(out.Len()))
		rows = append(rows, 0, 0)
		fmt.Fprintf(&out, "%d 0 obj\n", number)
	}
	for i, object := range []string{"<</Type /Catalog /Pages 2 0 R>>", pdfPages, pdfPage} {
		begin(i + 1)
		out.WriteString(object + "\nendobj\n")
	}
	rows = append(rows, 2, 0, 0, 0, 5, 0, 0) // object 4 is the first of stream 5
	for i := range streams {
		begin(5 + i)
		fmt.Fprintf(&out, "<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream\nendobj\n", packed.Len(), packed.Bytes())
	}
	start := out.Len()
	begin(5 + streams)
	fmt.Fprintf(&out, "<</Type /XRef /Size %d /W [1 4 2] /Root 1 0 R /Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", 6+streams, len(rows), rows, start)
	require.Less(t, out.Len(), certification.MaxDocumentBytes)
	require.NotContains(t, strings.ToLower(out.String()[:200]), "encrypt")
	return out.Bytes()
}
