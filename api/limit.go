package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"peercert/cases"
)

// limiter keeps one address from asking too often for what needs no token. It
// knows only its own process, so behind several processes the limit is as many
// times higher.
type limiter struct {
	perMinute int // 0 lets everything through
	now       func() time.Time

	mutex     sync.Mutex
	addresses map[string]*rate.Limiter
}

// mostAddresses bounds the memory of a limiter.
const mostAddresses = 20_000

func newLimiter(perMinute int) *limiter {
	// A limit is about the real time, not about the clock that is passed in.
	return &limiter{perMinute: perMinute, now: time.Now, addresses: map[string]*rate.Limiter{}}
}

func (l *limiter) allow(address string) bool {
	if l.perMinute <= 0 {
		return true
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	bucket, known := l.addresses[address]
	if !known {
		if len(l.addresses) >= mostAddresses {
			for other, full := range l.addresses {
				if full.TokensAt(now) >= float64(l.perMinute) {
					delete(l.addresses, other)
				}
			}
		}
		if len(l.addresses) >= mostAddresses {
			return false
		}
		bucket = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.addresses[address] = bucket
	}
	return bucket.AllowN(now, 1)
}

// Limits count what somebody does over all processes. More than most within a time is
// refused with too-many.
type Limits interface {
	Allow(ctx context.Context, what, who string, most int, per time.Duration) error
}

// looked counts a look into the public register against what one machine may do in an
// hour, together with those at the portal: a second door is not a second allowance.
func (s *server) looked(ctx context.Context) error {
	c, is := ctx.(*gin.Context)
	if !is || s.limits == nil || s.searchesAnHour <= 0 {
		return nil
	}
	return s.limits.Allow(plain(ctx), cases.LimitRegistry, s.machine(c.Request), s.searchesAnHour, time.Hour)
}

// machine is the address that a request comes from, for limits.
func (s *server) machine(request *http.Request) string {
	return cases.Machine(request.RemoteAddr, request.Header.Values("X-Forwarded-For"), s.trusted)
}

// wait is how long until an address that used everything up may ask again.
func (l *limiter) wait() time.Duration {
	return time.Duration(float64(time.Minute)/float64(max(1, l.perMinute))).Round(time.Second) + time.Second
}
