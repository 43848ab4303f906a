package documents

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

const (
	// viewSide is the longest side of the picture that reviewers see, in pixels: a
	// letter page at 200 dots per inch, on which small print can be read.
	viewSide    = 2400
	viewQuality = 85
)

// makeView unfolds a picture and writes it again as a JPEG: upright, not larger than
// a screen needs, and without anything beside the pixels, such as where the photo
// was taken. The error is a DocumentRefusal for a picture that cannot be unfolded.
//
// It needs up to 16 bytes a pixel of the picture while it works.
func makeView(file *spooled, mediaType string) ([]byte, error) {
	if err := inspectImage(file, mediaType); err != nil {
		return nil, err
	}
	orientation, err := survey(file.content(), mediaType)
	if err != nil {
		return nil, unreadable("reading the parts of a picture", err)
	}
	var picture image.Image
	if mediaType == mediaPNG {
		picture, err = png.Decode(file.content())
	} else {
		picture, err = jpeg.Decode(file.content())
	}
	if err != nil {
		return nil, unreadable("unfolding a picture", err)
	}
	var view bytes.Buffer
	if err := jpeg.Encode(&view, turnUpright(shrink(picture, viewSide), orientation), &jpeg.Options{Quality: viewQuality}); err != nil {
		return nil, fmt.Errorf("documents: writing a view: %w", err)
	}
	return view.Bytes(), nil
}

// shrink makes the longest side at most limit pixels, on white where a picture is
// transparent. Each new pixel is the average of exactly the area that it covers, so
// thin strokes turn gray and do not vanish. It takes one row of the source at a
// time: the scalers of x/image need 32 bytes a pixel for this.
func shrink(picture image.Image, limit int) *image.RGBA {
	bounds := picture.Bounds()
	width, height := bounds.Dx(), bounds.Dy()
	newWidth, newHeight := fit(width, height, limit)
	small := image.NewRGBA(image.Rect(0, 0, newWidth, newHeight))

	// A side of n source pixels is measured in n*m units, m being the new pixels: a
	// source pixel is m units long and a new one is n units long.
	area := uint64(width) * uint64(height)
	row := make([]uint64, 3*newWidth)
	sums := make([]uint64, 3*newWidth)
	y := 0
	for sourceY := range height {
		clear(row)
		x := 0
		for sourceX := range width {
			r, g, b := onWhite(picture, bounds.Min.X+sourceX, bounds.Min.Y+sourceY)
			here, next := share(sourceX, newWidth, x, width)
			row[3*x] += r * here
			row[3*x+1] += g * here
			row[3*x+2] += b * here
			if (sourceX+1)*newWidth >= (x+1)*width {
				x++
			}
			if next > 0 {
				row[3*x] += r * next
				row[3*x+1] += g * next
				row[3*x+2] += b * next
			}
		}
		here, next := share(sourceY, newHeight, y, height)
		for i := range row {
			sums[i] += row[i] * here
		}
		if (sourceY+1)*newHeight < (y+1)*height {
			continue
		}
		for x := range newWidth {
			small.SetRGBA(x, y, color.RGBA{
				R: uint8(sums[3*x] / area >> 8), G: uint8(sums[3*x+1] / area >> 8), B: uint8(sums[3*x+2] / area >> 8), A: 0xFF,
			})
		}
		for i := range row {
			sums[i] = row[i] * next
		}
		y++
	}
	return small
}

// fit gives the new sides, never 0 and never larger than the old.
func fit(width, height, limit int) (int, int) {
	longest := max(width, height)
	if longest <= limit {
		return width, height
	}
	scaled := func(side int) int { return max(1, (side*limit+longest/2)/longest) }
	return scaled(width), scaled(height)
}

// share splits the length of source pixel i, which is step units, between the new
// pixel j, which is size units long, and the one after it.
func share(i, step, j, size int) (here, next uint64) {
	end, edge := (i+1)*step, (j+1)*size
	if end <= edge {
		return uint64(step), 0
	}
	return uint64(step - (end - edge)), uint64(end - edge)
}

// onWhite gives a pixel with 16 bits a color, over white.
func onWhite(picture image.Image, x, y int) (r, g, b uint64) {
	var c color.RGBA64
	if fast, ok := picture.(image.RGBA64Image); ok {
		c = fast.RGBA64At(x, y)
	} else {
		c = color.RGBA64Model.Convert(picture.At(x, y)).(color.RGBA64)
	}
	white := uint64(0xFFFF - c.A)
	return uint64(c.R) + white, uint64(c.G) + white, uint64(c.B) + white
}

// turnUpright undoes the orientation that a camera noted: 2 to 8 as in EXIF.
func turnUpright(picture *image.RGBA, orientation int) *image.RGBA {
	if orientation == upright {
		return picture
	}
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	seenWidth, seenHeight := width, height
	if orientation >= 5 { // lies on its side
		seenWidth, seenHeight = height, width
	}
	seen := image.NewRGBA(image.Rect(0, 0, seenWidth, seenHeight))
	for y := range seenHeight {
		for x := range seenWidth {
			fromX, fromY := x, y
			switch orientation {
			case 2: // mirrored
				fromX = width - 1 - x
			case 3: // upside down
				fromX, fromY = width-1-x, height-1-y
			case 4: // upside down and mirrored
				fromY = height - 1 - y
			case 5: // mirrored, then turned
				fromX, fromY = y, x
			case 6: // to be turned clockwise
				fromX, fromY = y, height-1-x
			case 7:
				fromX, fromY = width-1-y, height-1-x
			case 8: // to be turned counterclockwise
				fromX, fromY = width-1-y, x
			}
			seen.SetRGBA(x, y, picture.RGBAAt(fromX, fromY))
		}
	}
	return seen
}
