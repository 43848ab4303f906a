package examsimulator

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed *.html
var pageFiles embed.FS

// local is how a browser writes an instant that somebody typed, without a zone.
const local = "2006-01-02T15:04"

// ServeHTTP answers the vendor's pages.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Simulator) routes() http.Handler {
	pages := template.Must(template.New("").Funcs(template.FuncMap{
		"day":   func(t time.Time) string { return t.In(s.zone).Format("Monday, January 2, 2006") },
		"clock": func(t time.Time) string { return t.In(s.zone).Format("3:04 PM MST") },
		"wire":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"place": func(place string) string {
			return map[string]string{"online": "Online", "test_center": "At a test center"}[place]
		},
		"language": func(tag string) string { return languages()[tag] },
		"words":    func(code string) string { return strings.ReplaceAll(code, "_", " ") },
	}).ParseFS(pageFiles, "*.html"))
	show := func(w http.ResponseWriter, status int, page string, data any) {
		var body bytes.Buffer
		if err := pages.ExecuteTemplate(&body, page, data); err != nil {
			http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = w.Write(body.Bytes())
	}
	// refuse answers an error as a page or as JSON.
	refuse := func(w http.ResponseWriter, r *http.Request, err error) {
		status := http.StatusInternalServerError
		var refused *refusal
		if errors.As(err, &refused) {
			status = refused.status
		}
		if wantsJSON(r) {
			answer(w, status, map[string]string{"error": err.Error()})
			return
		}
		show(w, status, "problem.html", map[string]any{"Title": Title, "Sentence": err.Error(), "Booking": r.URL.Path == "/book"})
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		problem, refusal := s.problem, s.refusal
		s.mutex.Unlock()
		show(w, http.StatusOK, "list.html", map[string]any{"Title": Title, "Now": s.options.Now(), "Problem": problem,
			"RefuseNext": refusal, "Undelivered": s.Undelivered(), "Authorizations": s.Authorizations()})
	})
	mux.HandleFunc("GET /authorizations", func(w http.ResponseWriter, r *http.Request) {
		all := s.Authorizations()
		if all == nil {
			all = []Authorization{}
		}
		answer(w, http.StatusOK, all)
	})
	mux.HandleFunc("GET /book", func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("authorization")
		authorization, known := s.Authorization(id)
		if !known {
			// People follow the link at once, before the next look.
			_ = s.Poll(r.Context())
			authorization, known = s.Authorization(id)
		}
		if !known {
			refuse(w, r, &refusal{http.StatusNotFound, "We do not know this authorization yet. Please wait a minute and load this page again."})
			return
		}
		if wantsJSON(r) {
			answer(w, http.StatusOK, authorization)
			return
		}
		days := [][]time.Time{}
		for _, slot := range s.Slots(authorization) {
			if last := len(days) - 1; last >= 0 && days[last][0].YearDay() == slot.YearDay() {
				days[last] = append(days[last], slot)
			} else {
				days = append(days, []time.Time{slot})
			}
		}
		show(w, http.StatusOK, "book.html", map[string]any{"Title": Title, "A": authorization, "Days": days, "Back": s.options.BackURL,
			"Begun": authorization.AppointmentID != "" && !authorization.AppointmentAt.After(s.options.Now())})
	})
	mux.HandleFunc("POST /book", func(w http.ResponseWriter, r *http.Request) {
		field, err := fields(w, r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		id := field("authorization")
		var authorization Authorization
		switch action := field("action"); action {
		case "", "confirm", "move":
			var at time.Time
			if at, err = s.instant(field("appointment_at"), field("slot")); err == nil && at.IsZero() {
				err = &refusal{http.StatusUnprocessableEntity, "Please choose a day and a time."}
			}
			if err == nil {
				authorization, err = s.Book(r.Context(), id, at)
			}
		case "cancel":
			authorization, err = s.Cancel(r.Context(), id)
		default:
			err = &refusal{http.StatusUnprocessableEntity, "The action is one of confirm, move, cancel."}
		}
		switch {
		case err != nil:
			refuse(w, r, err)
		case wantsJSON(r):
			answer(w, http.StatusOK, authorization)
		default:
			http.Redirect(w, r, "/book?authorization="+url.QueryEscape(authorization.ID), http.StatusSeeOther)
		}
	})
	mux.HandleFunc("POST /simulator/results", func(w http.ResponseWriter, r *http.Request) {
		field, err := fields(w, r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		at, err := s.instant(field("examined_at"), "")
		if err != nil {
			refuse(w, r, err)
			return
		}
		authorization, err := s.Report(r.Context(), Outcome{AuthorizationID: field("authorization_id"), Outcome: field("outcome"),
			Reason: field("reason"), ExaminedAt: at, ByWebhook: field("by") == "webhook"})
		switch {
		case err != nil:
			refuse(w, r, err)
		case wantsJSON(r):
			answer(w, http.StatusCreated, authorization)
		default:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	})
	mux.HandleFunc("POST /simulator/poll", func(w http.ResponseWriter, r *http.Request) {
		err := s.Poll(r.Context())
		switch {
		case err != nil:
			refuse(w, r, &refusal{http.StatusBadGateway, err.Error()})
		case wantsJSON(r):
			answer(w, http.StatusOK, s.Authorizations())
		default:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	})
	mux.HandleFunc("POST /simulator/refuse", func(w http.ResponseWriter, r *http.Request) {
		field, err := fields(w, r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		s.RefuseNext(field("code"))
		if wantsJSON(r) {
			answer(w, http.StatusOK, map[string]string{"refuse_next": field("code")})
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /simulator/webhooks", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, s.Undelivered())
	})
	// A page of another site cannot press the buttons here.
	return http.NewCrossOriginProtection().Handler(mux)
}

// instant reads an exact instant or else a slot: RFC 3339, or a local time as a
// browser sends it, which is California's. The zero time if both are empty.
func (s *Simulator) instant(exact, slot string) (time.Time, error) {
	text := exact
	if text == "" {
		text = slot
	}
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation(local, text, s.zone); err == nil {
		return at, nil
	}
	return time.Time{}, &refusal{http.StatusUnprocessableEntity, "A time is written as 2026-03-09T09:00 (California) or 2026-03-09T17:00:00Z."}
}

// fields reads a form or a JSON object.
func fields(w http.ResponseWriter, r *http.Request) (func(string) string, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if err := r.ParseForm(); err != nil {
			return nil, &refusal{http.StatusBadRequest, "The form could not be read."}
		}
		return func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }, nil
	}
	values := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&values); err != nil {
		return nil, &refusal{http.StatusBadRequest, "The JSON could not be read."}
	}
	return func(name string) string {
		if value, there := values[name]; there && value != nil {
			return strings.TrimSpace(fmt.Sprint(value))
		}
		return ""
	}, nil
}

func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") || strings.Contains(r.Header.Get("Accept"), "application/json")
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func languages() map[string]string {
	return map[string]string{"en": "English", "es": "Spanish", "ar": "Arabic", "zh": "Chinese", "fa": "Farsi", "hi": "Hindi",
		"ja": "Japanese", "ko": "Korean", "ru": "Russian", "vi": "Vietnamese"}
}
