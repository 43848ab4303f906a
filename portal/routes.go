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
		p.publicRoutes(), p.signInRoutes(), p.homeRoutes(), p.payRoutes(), p.videoRoutes(), p.applicationRoutes(), p.documentRoutes(),
	} {
		all = append(all, part...)
	}
	return all
}

// publicRoutes are the pages that need nobody to sign in.
func (p *portal) publicRoutes() []route {
	return []route{
		{get, "/", anyone, (*visit).chooseLanguage},
		{get, "/cases/:case", anyone, (*visit).chooseLanguage},
		{get, "/:language", anyone, (*visit).start},
		{get, "/:language/", anyone, (*visit).start},
	}
}
