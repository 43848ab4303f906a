package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// assetFiles are the style sheets, the script and the pictures. "make assets" writes
// the first two from web/styles; they are committed, so nobody needs Node to build.
//
//go:embed assets
var assetFiles embed.FS

//go:embed templates/*.html
var templates embed.FS

// mediaType goes by the end of a name. The table of the
// operating system is not asked: it differs between machines.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	panic(fmt.Sprintf("web: the asset %s is of a kind that has no media type here", name))
}

// asset is one file as it is served.
type asset struct {
	address    string // "/assets/app.0123456789abcdef.css"
	mediaType  string
	plain      []byte
	compressed []byte // by gzip
}

type assetSet struct{ byName, byAddress map[string]*asset }

// assets are read, named after their content and compressed once, when first asked
// for, and never change after.
var assets = sync.OnceValue(readAssets)

// readAssets panics on what cannot be an asset: it is compiled in, so it is a mistake
// of the programmer, and every test meets it.
func readAssets() assetSet {
	set := assetSet{byName: map[string]*asset{}, byAddress: map[string]*asset{}}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(fmt.Sprintf("web: listing the assets: %v", err))
	}
	for _, entry := range entries {
		name := entry.Name()
		plain, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			panic(fmt.Sprintf("web: reading an asset: %v", err))
		}
		sum := sha256.Sum256(plain)
		end := path.Ext(name)
		read := &asset{
			address:   "/assets/" + strings.TrimSuffix(name, end) + "." + hex.EncodeToString(sum[:8]) + end,
			mediaType: mediaType(name), plain: plain, compressed: compress(plain),
		}
		set.byName[name], set.byAddress[read.address] = read, read
	}
	return set
}

func compress(plain []byte) []byte {
	var compressed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err == nil {
		_, err = writer.Write(plain)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil { // a buffer takes everything, and the level is a constant
		panic(fmt.Sprintf("web: compressing an asset: %v", err))
	}
	return compressed.Bytes()
}

// AssetURL is the address of an asset by its name in web/assets, such as "app.css". It
// changes with the content, so that browsers may keep what they have for good. It
// panics for a name that is none; in a template that is an error.
func AssetURL(name string) string {
	found := assets().byName[name]
	if found == nil {
		panic(fmt.Sprintf("web: there is no asset %q", name))
	}
	return found.address
}

// Assets serves what AssetURL gives addresses for, and nothing else.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		found := assets().byAddress[request.URL.Path]
		if found == nil {
			// A page of another release asks for what this one does not have: not to be kept.
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, request)
			return
		}
		if request.Method != http.MethodGet && request.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		header := w.Header()
		header.Set("Content-Type", found.mediaType)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		header.Set("Vary", "Accept-Encoding")
		body := found.plain
		if takesGzip(request.Header.Get("Accept-Encoding")) {
			header.Set("Content-Encoding", "gzip")
			body = found.compressed
		}
		header.Set("Content-Length", strconv.Itoa(len(body)))
		if request.Method == http.MethodGet {
			_, _ = w.Write(body) // whoever asked may have gone
		}
	})
}

// takesGzip reads an Accept-Encoding: gzip must be named, and not refused by q=0.
func takesGzip(accepted string) bool {
	for offer := range strings.SplitSeq(accepted, ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(offer), ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		_, value, given := strings.Cut(quality, "=")
		weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return !given || err != nil || weight > 0
	}
	return false
}
