package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/api"
	"peercert/cases"
)

func TestTheReferenceListsEveryOperationAndEveryLinkLeadsSomewhere(t *testing.T) {
	w := newWorld(t)
	answer, err := w.client.Get(t.Context(), "/docs")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status)
	page := string(answer.Body)
	document, err := api.LoadSpecification(t.Context())
	require.NoError(t, err)
	for path, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			assert.Contains(t, page, `id="`+operation.OperationID+`"`)
			assert.Contains(t, page, "<code>"+path+"</code>")
			assert.NotEmpty(t, operation.Summary)
			assert.Len(t, operation.Tags, 1)
		}
	}
	for _, link := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		assert.Contains(t, page, `id="`+link[1]+`"`, "a link to %s", link[1])
	}
	assert.Contains(t, page, "Test operator")
	assert.Contains(t, page, "This is a demonstration")
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "style=", "the security policy allows no inline style")
	assert.NotContains(t, page, "http://")
	assert.NotContains(t, page, "https://")
	assert.NotContains(t, page, "&lt;code")
	assert.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'")
	for _, id := range regexp.MustCompile(`id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		assert.Equal(t, 1, strings.Count(page, `id="`+id[1]+`"`), "the id %s", id[1])
	}
}

func TestEveryProblemHasAPage(t *testing.T) {
	w := newWorld(t)
	all, err := w.client.Get(t.Context(), "/problems")
	require.NoError(t, err)
	for _, problem := range api.Problems() {
		assert.Contains(t, string(all.Body), "/problems/"+problem.Type)
		one, err := w.client.Get(t.Context(), "/problems/"+problem.Type)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, one.Status)
		assert.Contains(t, string(one.Body), problem.Type)
	}
	none, err := w.client.Get(t.Context(), "/problems/other")
	require.NoError(t, err)
	assert.Equal(t, "not-found", none.Problem())
}

func TestHealthMetricsAndTheRest(t *testing.T) {
	w := newWorld(t)
	status := func(path string) (int, string) {
		answer, err := w.client.Get(t.Context(), path)
		require.NoError(t, err)
		return answer.Status, string(answer.Body)
	}
	got, body := status("/readyz")
	assert.Equal(t, http.StatusOK, got)
	assert.JSONEq(t, `{"ready":true,"parts":[{"name":"postgresql","ready":true}]}`, body)
	w.core.parts = append(w.core.parts, cases.Part{Name: "s3", Detail: "It does not answer."})
	answer, err := w.client.Get(t.Context(), "/readyz")
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, answer.Status)
	assert.NotEmpty(t, answer.Header.Get("Retry-After"))
	got, _ = status("/livez")
	assert.Equal(t, http.StatusOK, got, "a process lives even when a part is down")
	got, body = status("/openapi.yaml")
	assert.Equal(t, http.StatusOK, got)
	assert.Equal(t, string(api.Specification()), body)
	got, body = status("/docs/style.css")
	assert.Equal(t, http.StatusOK, got)
	assert.NotEmpty(t, body)
	got, _ = status("/")
	assert.Equal(t, http.StatusFound, got)

	_, err = w.as("reviewer").Get(t.Context(), "/v1/cases/"+ownCase)
	require.NoError(t, err)
	_, body = status("/metrics")
	assert.Contains(t, body, `peercert_http_requests_total{method="GET",route="/v1/cases/:case_id",status="200"} 1`)
	assert.NotContains(t, body, ownCase)
}
