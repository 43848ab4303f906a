package browser

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"peercert/local/gallery"
	"peercert/web"
)

// Widths are those that pictures are taken at: a small phone, a tablet, a desk.
var Widths = []int{320, 800, 1280}

// low is a height that every page exceeds: Chromium shifts the picture of a page from
// right to left that is just as high as its window.
const low = 480

// Pictures takes one of every main page in every language at every width, from the
// gallery, and puts them into a folder as <language>/<page>-<width>.png.
func Pictures(ctx context.Context, folder string, out io.Writer) error {
	chromium, err := Start(ctx)
	if err != nil {
		return err
	}
	defer chromium.Close()
	pages, err := gallery.New("Example Operator", "http://127.0.0.1")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serving the gallery: %w", err)
	}
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()

	tab, err := chromium.Tab(Widths[0], low)
	if err != nil {
		return err
	}
	defer tab.Close()
	taken := 0
	for _, language := range web.Languages() {
		if err := os.MkdirAll(filepath.Join(folder, language), 0o755); err != nil {
			return fmt.Errorf("making a folder for pictures: %w", err)
		}
		for _, state := range Main {
			for _, width := range Widths {
				if err := tab.Resize(width, low); err != nil {
					return err
				}
				if err := tab.Open("http://" + listener.Addr().String() + gallery.Address(language, state)); err != nil {
					return err
				}
				picture, err := tab.Picture()
				if err != nil {
					return err
				}
				name := filepath.Join(folder, language, fmt.Sprintf("%s-%d.png", state, width))
				if err := os.WriteFile(name, picture, 0o644); err != nil {
					return fmt.Errorf("keeping a picture: %w", err)
				}
				taken++
			}
		}
	}
	fmt.Fprintf(out, "%d pictures are in %s\n", taken, folder)
	return nil
}
