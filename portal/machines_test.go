package portal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/journey"
	"peercert/portal"
)

// Behind a proxy each machine has its own limit, and nobody can claim to be another.
func TestMachinesBehindAProxyAreLimitedEach(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	options := portal.From(place.Settings, place.Parts.Cases)
	options.Film, options.SearchesAnHour, options.Now = place.Parts.Film, 2, place.Clock.Now
	options.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	handler, err := portal.New(options)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	look := func(forwarded string) int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/en/verify/PSS-7K3M-92QX", nil)
		require.NoError(t, err)
		request.Header.Set("X-Forwarded-For", forwarded)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	for i, status := range []int{http.StatusNotFound, http.StatusNotFound, http.StatusTooManyRequests} {
		assert.Equal(t, status, look(fmt.Sprintf("192.0.2.%d, 2001:db8:1:2::%d", i, i)), "one household, whatever it claims")
	}
	assert.Equal(t, http.StatusNotFound, look("2001:db8:1:3::1"))
}

func TestHomeSaysWhatIsSlowOnOurSide(t *testing.T) {
	t.Parallel()
	p := applicant(t, "en")
	at := "/en/cases/" + p.CaseID
	p.Browser.Open(at)
	assert.False(t, p.Browser.Says("Something on our side is slow"), p.Browser.Main())

	records, err := pgx.Connect(t.Context(), running.On(t).Settings.DatabaseURL)
	require.NoError(t, err)
	defer records.Close(t.Context())
	_, err = records.Exec(t.Context(), "UPDATE cases SET snapshot = snapshot || $2 WHERE id = $1", p.CaseID,
		map[string]any{"attention": []certification.Attention{{Code: certification.AttentionNotice, ID: "1"}}})
	require.NoError(t, err)
	p.Browser.Open(at)
	assert.True(t, p.Browser.Says("Something on our side is slow"), p.Browser.Main())
}

func TestProofOfANewNameStaysOnceItWasSentIn(t *testing.T) {
	t.Parallel()
	place := running.On(t)
	world := place.World(t)
	p := place.Registered(t, world, "en")
	ctx := t.Context()
	require.NoError(t, world.WatchVideos(ctx, p.Person))
	b, papers := p.Browser, "/en/cases/"+p.CaseID+"/documents/name_change"
	b.Open(papers).Attach("file", "court order.pdf", journey.Paper("Court order")).Press(send)
	ready(b, "court order.pdf")
	assert.True(t, b.Says("Delete"), "until it is sent in")

	require.NoError(t, p.Apply(ctx))
	require.NoError(t, p.Pay(ctx, 100_00, certification.StageApplicationReview))
	_, err := p.Review(ctx, "decide-application", map[string]any{"decision": "return", "reasons": []string{"DIPLOMA_NAME_DIFFERS"}})
	require.NoError(t, err)
	b.Open(papers)
	assert.True(t, b.Says("court order.pdf", "It stays with your case."), b.Main())
	assert.False(t, b.Says("Delete"), b.Main())
	b.Attach("file", "another.pdf", journey.Paper("Another")).Press(send)
	ready(b, "another.pdf")
	assert.True(t, b.Says("Delete"), b.Main())
}
