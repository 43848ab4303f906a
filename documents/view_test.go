package documents

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// takenAs stores a picture the way a camera does that notes an orientation. The table
// is EXIF's own (tag 0x0112): which side of what is seen the first stored row is, and
// which the first stored column.
func takenAs(seen *image.RGBA, orientation int) *image.RGBA {
	sides := map[int][2]string{
		1: {"top", "left"}, 2: {"top", "right"}, 3: {"bottom", "right"}, 4: {"bottom", "left"},
		5: {"left", "top"}, 6: {"right", "top"}, 7: {"right", "bottom"}, 8: {"left", "bottom"},
	}[orientation]
	width, height := seen.Rect.Dx(), seen.Rect.Dy()
	rows, columns := height, width
	if orientation >= 5 {
		rows, columns = width, height
	}
	stored := image.NewRGBA(image.Rect(0, 0, columns, rows))
	for row := range rows {
		for column := range columns {
			var x, y int
			for i, side := range sides {
				n := []int{row, column}[i]
				switch side {
				case "top":
					y = n
				case "bottom":
					y = height - 1 - n
				case "left":
					x = n
				case "right":
					x = width - 1 - n
				}
			}
			stored.SetRGBA(column, row, seen.RGBAAt(x, y))
		}
	}
	return stored
}

// requireQuarters says that the four corners are where quarters put them.
func requireQuarters(t *testing.T, view []byte, width, height int) {
	t.Helper()
	picture, err := jpeg.Decode(bytes.NewReader(view))
	require.NoError(t, err)
	require.Equal(t, image.Pt(width, height), picture.Bounds().Size())
	want := quarters(width, height)
	for _, at := range []image.Point{{width / 4, height / 4}, {3 * width / 4, height / 4}, {width / 4, 3 * height / 4}, {3 * width / 4, 3 * height / 4}} {
		r, g, b, _ := picture.At(at.X, at.Y).RGBA()
		w := want.RGBAAt(at.X, at.Y)
		require.InDelta(t, w.R, r>>8, 30, "red at %v", at)
		require.InDelta(t, w.G, g>>8, 30, "green at %v", at)
		require.InDelta(t, w.B, b>>8, 30, "blue at %v", at)
	}
}

func spooledFor(t *testing.T, body []byte) *spooled {
	t.Helper()
	file, err := (&Documents{tempDir: t.TempDir()}).spool(bytes.NewReader(body))
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

func TestViewIsUprightAndSaysNothingButThePicture(t *testing.T) {
	seen := quarters(64, 32)
	for orientation := 1; orientation <= 8; orientation++ {
		stored := takenAs(seen, orientation)
		plain := pngOf(t, stored)
		for name, test := range map[string]struct {
			body      []byte
			mediaType string
		}{
			"JPEG, Intel":    {withSegments(jpegOf(t, stored), segment(0xE0, []byte("JFIF\x00")), exifSegment(binary.LittleEndian, uint16(orientation))), mediaJPEG},
			"JPEG, Motorola": {withSegments(jpegOf(t, stored), exifSegment(binary.BigEndian, uint16(orientation)), segment(0xFE, []byte("<?php comment ?>"))), mediaJPEG},
			"PNG":            {append(append(bytes.Clone(plain[:33]), chunk("eXIf", exifBlock(binary.BigEndian, uint16(orientation)))...), plain[33:]...), mediaPNG},
		} {
			t.Run(fmt.Sprintf("%d %s", orientation, name), func(t *testing.T) {
				require.Contains(t, string(test.body), gpsCanary)
				view, err := makeView(spooledFor(t, test.body), test.mediaType)
				require.NoError(t, err)
				requireQuarters(t, view, 64, 32)
				for _, left := range []string{gpsCanary, "Exif", "php"} {
					require.NotContains(t, string(view), left)
				}
			})
		}
	}
}

func TestNonsenseInTheMetadataIsNoReasonToRefuse(t *testing.T) {
	for name, body := range map[string][]byte{
		"empty":              nil,
		"no TIFF":            []byte("Exif\x00\x00something else"),
		"orientation 0":      exifSegment(binary.BigEndian, 0)[4:],
		"orientation 9":      exifSegment(binary.BigEndian, 9)[4:],
		"directory far away": []byte("Exif\x00\x00II*\x00\xFF\xFF\xFF\xFF"),
		"cut off":            exifSegment(binary.BigEndian, 6)[4:20],
	} {
		t.Run(name, func(t *testing.T) {
			view, err := makeView(spooledFor(t, withSegments(jpegOf(t, quarters(64, 32)), segment(jpegAPP1, body))), mediaJPEG)
			require.NoError(t, err)
			requireQuarters(t, view, 64, 32)
		})
	}
}

func TestViewIsNotLargerThanAScreenNeeds(t *testing.T) {
	for _, test := range []struct{ width, height, viewWidth, viewHeight int }{
		{2400, 100, 2400, 100},
		{2401, 100, 2400, 100},
		{4000, 3000, 2400, 1800},
		{100, 30000, 8, 2400},
		{30000, 1, 2400, 1},
	} {
		view, err := makeView(spooledFor(t, pngOf(t, quarters(test.width, test.height))), mediaPNG)
		require.NoError(t, err)
		size, err := jpeg.DecodeConfig(bytes.NewReader(view))
		require.NoError(t, err)
		require.Equal(t, [2]int{test.viewWidth, test.viewHeight}, [2]int{size.Width, size.Height})
	}
}

func TestShrinkingKeepsEveryKindOfPicture(t *testing.T) {
	plain := quarters(300, 150)
	gray := image.NewGray(plain.Rect)
	cmyk := image.NewCMYK(plain.Rect)
	deep := image.NewNRGBA64(plain.Rect)
	glass := image.NewNRGBA(plain.Rect)
	for y := range 150 {
		for x := range 300 {
			gray.Set(x, y, plain.At(x, y))
			cmyk.Set(x, y, plain.At(x, y))
			deep.Set(x, y, plain.At(x, y))
			glass.SetNRGBA(x, y, color.NRGBA{B: 255, A: uint8(255 * (x / 150))})
		}
	}
	// A part of a picture does not begin at 0.
	part := plain.SubImage(image.Rect(150, 0, 300, 75))
	require.Equal(t, color.RGBA{G: 220, A: 255}, shrink(part, 100).RGBAAt(0, 0))
	for _, limit := range []int{7, 100, 299, 300, 1000} {
		for name, picture := range map[string]image.Image{"RGBA": plain, "CMYK": cmyk, "16 bits": deep} {
			small := shrink(picture, limit)
			size := small.Rect.Size()
			require.Equal(t, min(limit, 300), size.X, name)
			require.InDelta(t, 220, int(small.RGBAAt(0, 0).R), 2, "%s to %d", name, limit)
			require.InDelta(t, 220, int(small.RGBAAt(size.X-1, 0).G), 2, "%s to %d", name, limit)
			require.InDelta(t, 220, int(small.RGBAAt(0, size.Y-1).B), 2, "%s to %d", name, limit)
		}
		require.Equal(t, gray.GrayAt(0, 0).Y, shrink(gray, limit).RGBAAt(0, 0).R)
		require.Equal(t, color.RGBA{255, 255, 255, 255}, shrink(glass, limit).RGBAAt(0, 0), "what is transparent is white")
	}
}

// TestShrinkingAverages holds shrink to the average over the whole picture, whatever
// the sizes are.
func TestShrinkingAverages(t *testing.T) {
	picture := image.NewGray(image.Rect(0, 0, 101, 53))
	var sum float64
	for i := range picture.Pix {
		picture.Pix[i] = uint8(i * 7919 >> 3)
		sum += float64(picture.Pix[i])
	}
	want := sum / float64(len(picture.Pix))
	for limit := 1; limit <= 101; limit++ {
		small := shrink(picture, limit)
		var got float64
		for i := 0; i < len(small.Pix); i += 4 {
			got += float64(small.Pix[i])
		}
		require.InDelta(t, want, got/float64(len(small.Pix)/4), 1, "limit %d", limit)
	}
}

// TestLargestPictureFitsInMemory makes the view of a picture at the limit of pixels.
func TestLargestPictureFitsInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few seconds")
	}
	picture := image.NewGray(image.Rect(0, 0, 10_000, 5_000))
	body := pngOf(t, picture)
	require.Less(t, len(body), 1<<20, "a small file that unfolds to 50 MB")
	file := spooledFor(t, body)
	picture = nil
	var err error
	allocated := allocatedBy(func() { _, err = makeView(file, mediaPNG) })
	require.NoError(t, err)
	require.Less(t, allocated, uint64(16*50_000_000))
}

func FuzzSurvey(f *testing.F) {
	f.Add(withSegments(jpegOf(f, quarters(8, 8)), exifSegment(binary.BigEndian, 6)), true)
	f.Add(pngOf(f, quarters(8, 8)), false)
	f.Fuzz(func(t *testing.T, body []byte, isJPEG bool) {
		mediaType := mediaPNG
		if isJPEG {
			mediaType = mediaJPEG
		}
		orientation, err := survey(bytes.NewReader(body), mediaType)
		if err == io.EOF {
			t.Fatal("a bare EOF")
		}
		if err == nil && (orientation < 1 || orientation > 8) {
			t.Fatalf("orientation %d", orientation)
		}
		// Whatever a decoder unfolds has its end.
		decodeConfig, decode := png.DecodeConfig, png.Decode
		if isJPEG {
			decodeConfig, decode = jpeg.DecodeConfig, jpeg.Decode
		}
		size, headed := decodeConfig(bytes.NewReader(body))
		if headed != nil || size.Width*size.Height > 1_000_000 {
			return
		}
		if _, decoded := decode(bytes.NewReader(body)); decoded == nil && err == io.ErrUnexpectedEOF {
			t.Fatal("a whole picture counts as cut off")
		}
	})
}
