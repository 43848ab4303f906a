package portal

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"rsc.io/qr"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) certificateRoutes() []route {
	return []route{
		{get, "/:language/cases/:case/certificate", owner, (*visit).certificate},
		{get, "/:language/cases/:case/certificate/code.svg", owner, (*visit).certificateCode},
	}
}

// Certificate is the page of a certificate, to show, print and share.
type Certificate struct {
	Name, Number string
	Issued       string // a day
	Expires      string // a day
	// Status is said when it is not simply in force; Tone is that of its notice.
	Status *web.Notice
	// Share is where anybody can look the certificate up, Code the address of a picture
	// of that.
	Share, Code string
	Rows        []web.Row
	Sections    []Section
}

func (v *visit) certificate() error {
	if v.view.Certificate == nil {
		v.redirect(v.casePath(""))
		return nil
	}
	public, err := v.Cases.Certificate(v.Request.Context(), v.view.Certificate.Number)
	if err != nil {
		return err
	}
	frame := v.frame("certificate.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	return show(v, http.StatusOK, "certificate", frame, certificatePage(frame, v.view, public, v.Site))
}

// certificatePage is a certificate with what its owner can do with it.
func certificatePage(frame web.Frame, view cases.View, public cases.PublicCertificate, site string) Certificate {
	page := Certificate{
		Name: public.Name, Number: public.Number, Issued: frame.Date(public.IssuedAt), Expires: frame.Date(public.ExpiresAt),
		Share: shareLink(site, public.Number), Code: frame.Link("/cases/" + view.ID + "/certificate/code.svg"),
	}
	if public.Status != cases.CertificateActive {
		notice := web.Notice{Tone: statusTone(public.Status), Heading: plain(frame, "verify.status_"+public.Status), Text: words(frame, "certificate.status_"+public.Status)}
		page.Status = &notice
	}
	page.Rows = []web.Row{
		{Label: plain(frame, "verify.number"), Values: []string{page.Number}},
		{Label: plain(frame, "verify.issued"), Values: []string{page.Issued}},
		{Label: plain(frame, "verify.expires"), Values: []string{page.Expires}},
		{Label: plain(frame, "certificate.by"), Values: []string{frame.Operator}},
	}
	page.Sections = []Section{{ID: "renewal", Heading: plain(frame, "certificate.renewal_heading"), Text: certificateRenewal(frame, view)}}
	if can := slices.Contains(view.Available, certification.SignalSubmitRenewal); can {
		page.Sections[0].Buttons = []web.Button{{Label: plain(frame, "certificate.renew"), Address: frame.Link("/cases/" + view.ID + "/renewal")}}
	}
	return page
}

// certificateRenewal says when renewal opens and what it asks for.
func certificateRenewal(frame web.Frame, view cases.View) []template.HTML {
	opens := certification.AddDays(view.Certificate.ExpiresAt, -view.Policy.RenewalOpensDays)
	said := words(frame, "certificate.renewal_opens", "Opens", frame.Date(opens))
	if view.Stage != certification.StageCertified {
		said = words(frame, "certificate.renewal_now")
	}
	return []template.HTML{said, words(frame, "certificate.renewal_needs", "Hours", view.Policy.ContinuingHours, "Ethics", view.Policy.LawAndEthicsHours)}
}

// shareLink is where anybody can look a certificate up, whatever their language.
func shareLink(site, number string) string { return site + "/verify/" + number }

func (v *visit) certificateCode() error {
	if v.view.Certificate == nil {
		return certification.NotFound()
	}
	picture, err := codeOf(shareLink(v.Site, v.view.Certificate.Number))
	if err != nil {
		return err
	}
	v.Data(http.StatusOK, "image/svg+xml", picture)
	return nil
}

// quiet is the white edge around a QR code, in modules: readers need four.
const quiet = 4

// codeOf draws a QR code as an SVG, one path of black runs on white.
func codeOf(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("making a QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := x
			for run < code.Size && code.Black(run, y) {
				run++
			}
			if run > x {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run-x, run-x)
				x = run
			}
		}
	}
	side := code.Size + 2*quiet
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		side, side, 6*side, 6*side, side, side, path.String()), nil
}
