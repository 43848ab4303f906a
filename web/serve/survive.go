package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
)

// Survive answers with fault when a handler panics, and logs where: file names and lines
// of ours, no values.
func Survive(next http.Handler, log *slog.Logger, fault http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		defer func() {
			thrown := recover()
			if thrown == nil {
				return
			}
			if err, is := thrown.(error); is && errors.Is(err, http.ErrAbortHandler) {
				panic(thrown)
			}
			log.ErrorContext(request.Context(), "a page panicked", "fault", fmt.Sprintf("%T", thrown), "at", where())
			fault(w, request)
		}()
		next.ServeHTTP(w, request)
	})
}

func where() []string {
	var places []string
	counters := make([]uintptr, 32)
	frames := runtime.CallersFrames(counters[:runtime.Callers(4, counters)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "peercert/") {
			places = append(places, fmt.Sprintf("%s:%d", frame.Function, frame.Line))
		}
		if !more || len(places) == 8 {
			return places
		}
	}
}
