package mailbox

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

//go:embed list.html letter.html
var pages embed.FS

// Handler shows the letters:
//
//	GET  /                list, newest first
//	GET  /mail/{id}       one letter: subject, text, HTML in a sandboxed frame
//	GET  /mail/{id}/html  the HTML part alone, sandboxed
//	GET  /messages?to=    JSON array of Message, newest first
//	POST /delete-all      deletes every letter, then back to the list
func (m *Mailbox) Handler() http.Handler {
	views := template.Must(template.New("").Funcs(template.FuncMap{
		"linked": linked,
		"join":   strings.Join,
	}).ParseFS(pages, "*.html"))

	show := func(w http.ResponseWriter, page string, data any) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		_ = views.ExecuteTemplate(w, page, data)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		to := r.URL.Query().Get("to")
		show(w, "list.html", struct {
			To       string
			Messages []Message
		}{to, m.Messages(to)})
	})
	mux.HandleFunc("GET /mail/{id}", func(w http.ResponseWriter, r *http.Request) {
		message, found := m.Message(r.PathValue("id"))
		if !found {
			http.Error(w, "This letter is not in the local mailbox.", http.StatusNotFound)
			return
		}
		show(w, "letter.html", message)
	})
	mux.HandleFunc("GET /mail/{id}/html", func(w http.ResponseWriter, r *http.Request) {
		message, found := m.Message(r.PathValue("id"))
		if !found || message.HTML == "" {
			http.Error(w, "This letter has no HTML part.", http.StatusNotFound)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		// No script of a letter runs, also when the address is opened without the
		// frame; its links open beside the mailbox as real ones do in a mail program.
		header.Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
		_, _ = w.Write([]byte(`<base target="_blank">` + message.HTML))
	})
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(m.Messages(r.URL.Query().Get("to")))
	})
	mux.HandleFunc("POST /delete-all", func(w http.ResponseWriter, r *http.Request) {
		if err := m.Clear(); err != nil {
			http.Error(w, "Some letters could not be deleted from the disk.", http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	// No page of another site may press the button.
	return http.NewCrossOriginProtection().Handler(mux)
}

// linked makes the web addresses in a plain text clickable.
func linked(text string) template.HTML {
	address := regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,;:!?)\]]`)
	var out strings.Builder
	last := 0
	for _, at := range address.FindAllStringIndex(text, -1) {
		out.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		escaped := template.HTMLEscapeString(text[at[0]:at[1]])
		out.WriteString(`<a href="` + escaped + `" target="_blank" rel="noreferrer">` + escaped + `</a>`)
		last = at[1]
	}
	out.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(out.String())
}
