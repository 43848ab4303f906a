package documents

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/stacktest"
)

// place is a bucket with the documents in it and the directory for their spools.
type place struct {
	*Documents
	bucket stacktest.S3
	temp   string
}

func newPlace(t *testing.T, change ...func(*Options)) place {
	t.Helper()
	bucket := stacktest.Bucket(t)
	temp := t.TempDir()
	options := Options{
		Endpoint: bucket.Endpoint, Region: bucket.Region, Bucket: bucket.Bucket,
		AccessKey: bucket.AccessKey, SecretKey: bucket.SecretKey, TempDir: temp, Now: time.Now,
	}
	for _, c := range change {
		c(&options)
	}
	documents, err := New(t.Context(), options)
	require.NoError(t, err)
	return place{documents, bucket, temp}
}

// keys lists every version of everything in the bucket, delete markers too.
func (p place) keys(t *testing.T) []string {
	t.Helper()
	var keys []string
	pages := s3.NewListObjectVersionsPaginator(p.bucket.Client(), &s3.ListObjectVersionsInput{Bucket: &p.bucket.Bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, v := range page.Versions {
			keys = append(keys, aws.ToString(v.Key))
		}
		for _, m := range page.DeleteMarkers {
			keys = append(keys, aws.ToString(m.Key)+" (deleted)")
		}
	}
	return keys
}

// put writes an object past the documents.
func (p place) put(t *testing.T, key, body string) {
	t.Helper()
	_, err := p.bucket.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &p.bucket.Bucket, Key: &key, Body: strings.NewReader(body)})
	require.NoError(t, err)
}

// noSpools says that no temporary file was left behind.
func (p place) noSpools(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(p.temp)
	require.NoError(t, err)
	require.Empty(t, left, "temporary files left behind")
}

// stored uploads a file that is to be accepted and gives its record.
func (p place) stored(t *testing.T, body []byte) certification.Document {
	t.Helper()
	id := newID(t)
	stored, err := p.Store(t.Context(), id, bytes.NewReader(body))
	require.NoError(t, err)
	return certification.Document{
		ID: id, Kind: certification.DocumentPhotoID, Status: certification.DocumentChecking,
		MediaType: stored.MediaType, Bytes: stored.Bytes, SHA256: stored.SHA256,
		QuarantineKey: stored.Key, QuarantineVersion: stored.Version, UploadedAt: time.Now(),
	}
}

func (p place) view(t *testing.T, document certification.Document) []byte {
	t.Helper()
	body, _, size, err := p.OpenView(t.Context(), document)
	require.NoError(t, err)
	defer body.Close()
	view, err := io.ReadAll(body)
	require.NoError(t, err)
	require.EqualValues(t, len(view), size)
	return view
}

func newID(t *testing.T) string {
	t.Helper()
	id, err := uuid.NewV7()
	require.NoError(t, err)
	return id.String()
}

func refusalCode(err error) string {
	var refusal *certification.DocumentRefusal
	if !errors.As(err, &refusal) {
		return fmt.Sprint(err)
	}
	return refusal.Code
}

// brokenReader fails in the middle, as an upload does when the phone loses its network.
type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// The pictures.

func quarters(width, height int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{R: 220, A: 255} // top left
			switch {
			case x >= width/2 && y < height/2:
				c = color.RGBA{G: 220, A: 255}
			case x < width/2 && y >= height/2:
				c = color.RGBA{B: 220, A: 255}
			case x >= width/2:
				c = color.RGBA{R: 220, G: 220, A: 255}
			}
			picture.SetRGBA(x, y, c)
		}
	}
	return picture
}

func jpegOf(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var buffer bytes.Buffer
	require.NoError(t, jpeg.Encode(&buffer, picture, &jpeg.Options{Quality: 95}))
	return buffer.Bytes()
}

func pngOf(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var buffer bytes.Buffer
	require.NoError(t, png.Encode(&buffer, picture))
	return buffer.Bytes()
}

// withSegments puts segments behind the start of a JPEG.
func withSegments(picture []byte, segments ...[]byte) []byte {
	out := bytes.Clone(picture[:2])
	for _, segment := range segments {
		out = append(out, segment...)
	}
	return append(out, picture[2:]...)
}

func segment(marker byte, body []byte) []byte {
	out := []byte{0xFF, marker, 0, 0}
	binary.BigEndian.PutUint16(out[2:], uint16(len(body)+2))
	return append(out, body...)
}

// gpsCanary stands for the place where a photo was taken.
const gpsCanary = "33 deg 52 min, at home"

// exifBlock is a TIFF block with an orientation and a place.
func exifBlock(order binary.AppendByteOrder, orientation uint16) []byte {
	out := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		out = []byte("MM\x00*")
	}
	out = order.AppendUint32(out, 8)
	out = order.AppendUint16(out, 2)
	entry := func(tag, kind uint16, count uint32, value []byte) {
		out = order.AppendUint16(out, tag)
		out = order.AppendUint16(out, kind)
		out = order.AppendUint32(out, count)
		out = append(out, append(value, 0, 0, 0, 0)[:4]...)
	}
	entry(0x0112, 3, 1, order.AppendUint16(nil, orientation))
	entry(0x8825, 4, 1, order.AppendUint32(nil, 38))
	out = order.AppendUint32(out, 0)
	return append(out, gpsCanary...)
}

func exifSegment(order binary.AppendByteOrder, orientation uint16) []byte {
	return segment(jpegAPP1, append([]byte("Exif\x00\x00"), exifBlock(order, orientation)...))
}

func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// jpegOfSize is a picture that is filled up with comments to exactly so many bytes.
func jpegOfSize(t testing.TB, size int) []byte {
	t.Helper()
	picture := jpegOf(t, quarters(64, 64))
	var filling []byte
	for missing := size - len(picture); missing > 0; missing = size - len(picture) - len(filling) {
		body := min(missing-4, 60_000)
		if rest := missing - 4 - body; rest > 0 && rest < 4 {
			body -= 4 // leave room for the next segment's head
		}
		filling = append(filling, segment(0xFE, bytes.Repeat([]byte{'.'}, body))...)
	}
	picture = withSegments(picture, filling)
	require.Len(t, picture, size)
	return picture
}

// pdfOf writes a PDF of objects, numbered from 1; the first is the catalog.
func pdfOf(objects ...string) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	var offsets []int
	for i, object := range objects {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

const (
	pdfPages   = "<</Type /Pages /Kids [3 0 R] /Count 1>>"
	pdfPage    = "<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources <<>>>>"
	pdfContent = "<</Length 8>>\nstream\n0 0 m S \nendstream"
)

func onePage() []byte { return onePageWith("") }

// onePageWith puts more into the catalog of a PDF, and more objects behind it, from 5 on.
func onePageWith(catalog string, more ...string) []byte {
	return pdfOf(append([]string{"<</Type /Catalog /Pages 2 0 R " + catalog + ">>", pdfPages, pdfPage, pdfContent}, more...)...)
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func fixedClock() time.Time { return time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC) }
