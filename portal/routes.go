package portal

import "net/http"

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes are all addresses of the portal. A test walks them as every kind of visitor.
func (p *portal) routes() []route {
	var all []route
	for _, part := range [][]route{
		p.startRoutes(), p.eligibilityRoutes(), p.verifyRoutes(), p.publicRoutes(), p.feedbackRoutes(), p.signInRoutes(), p.homeRoutes(), p.payRoutes(), p.videoRoutes(), p.myDataRoutes(),
		p.applicationRoutes(), p.documentRoutes(), p.trainingRoutes(), p.examRoutes(), p.certificateRoutes(), p.renewalRoutes(), p.appealRoutes(), p.leavingRoutes(),
	} {
		all = append(all, part...)
	}
	return all
}
