package film

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Path is where the handler belongs: everything below it is the film's.
const Path = "/film/"

// URL is the address of one of the film's files, below Path. It has the version in
// it, so that browsers may keep the file for as long as they like.
func (f *Film) URL(file string) string { return Path + f.Version + "/" + file }

// ServeHTTP serves GET and HEAD of the addresses that URL gives, whole or in ranges.
// A film is for everybody: it asks for no session. Whatever else is asked for is not
// there, other versions too, for they may have other captions.
func (f *Film) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	name, ours := strings.CutPrefix(r.URL.Path, Path+f.Version+"/")
	media, known := f.media[name]
	if !ours || !known {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	file, err := f.files.Open(name)
	if err != nil {
		// It was there at the start: the operator's folder has gone or changed.
		w.WriteHeader(http.StatusNotFound)
		return
	}
	defer file.Close()
	content, seeks := file.(io.ReadSeeker)
	about, err := file.Stat()
	if !seeks || err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	header := w.Header()
	header.Set("Content-Type", media)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	// With the length in it: a file that was replaced without a new version must not
	// be pieced together out of ranges of both.
	header.Set("ETag", fmt.Sprintf(`"%s-%x"`, f.Version, about.Size()))
	http.ServeContent(w, r, name, time.Time{}, content)
}
