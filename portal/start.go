package portal

import (
	"net/http"

	"peercert/certification"
)

// chooseLanguage leads from an address without language to the same with one.
func (v *visit) chooseLanguage() error {
	path := v.Request.URL.Path
	v.Header("Vary", "Accept-Language, Cookie")
	v.Redirect(http.StatusFound, "/"+v.words.Language()+path)
	return nil
}

// Start is the first page: what a peer does, the steps and the fees, from the policy in
// force.
type Start struct {
	Policy certification.Policy
}

func (v *visit) start() error {
	return show(v, http.StatusOK, "start", v.frame("start.title", nil), Start{Policy: certification.CurrentPolicy(v.Now())})
}
