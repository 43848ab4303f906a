package journey

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
)

// PhotoID draws a made-up identity card as a real JPEG. The shade makes each one
// another picture.
func PhotoID(shade uint8) ([]byte, error) {
	card := image.NewRGBA(image.Rect(0, 0, 1012, 638))
	fill := func(area image.Rectangle, c color.Color) {
		draw.Draw(card, area, image.NewUniform(c), image.Point{}, draw.Src)
	}
	fill(card.Bounds(), color.RGBA{R: 214, G: 228, B: 240, A: 255})
	fill(image.Rect(0, 0, 1012, 110), color.RGBA{R: 20, G: 60, B: 120, A: 255})
	fill(image.Rect(60, 160, 360, 560), color.RGBA{R: shade, G: 150, B: 130, A: 255})
	for line := range 6 {
		fill(image.Rect(420, 190+line*62, 940-line*40, 214+line*62), color.RGBA{R: 60, G: 60, B: 70, A: 255})
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, card, &jpeg.Options{Quality: 85}); err != nil {
		return nil, fmt.Errorf("drawing an ID: %w", err)
	}
	return file.Bytes(), nil
}

// Paper writes a real PDF of one page with one line of text.
func Paper(text string) []byte {
	content := fmt.Sprintf("BT /F1 24 Tf 72 700 Td (%s) Tj ET", text)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var file bytes.Buffer
	file.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, object := range objects {
		offsets = append(offsets, file.Len())
		fmt.Fprintf(&file, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	table := file.Len()
	fmt.Fprintf(&file, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&file, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&file, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return file.Bytes()
}
