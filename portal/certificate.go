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
	}
}

// Certificate is the page of a certificate, to show, print and share.
type Certificate struct {
	Name, Number string
	Issued       string // a day
	Expires      string // a day
	// Status is said when it is not simply in force; Tone is that of its notice.
	Status *web.Notice
	// Share is where anybody can look the certificate up, and Code a picture of that. It
	// is drawn in the page, so that it is there on paper and in a page that was saved.
	Share    string
	Code     QRCode
	Rows     []web.Row
	Sections []Section
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
	page, err := certificatePage(frame, v.view, public, v.Site)
	if err != nil {
		return err
	}
	return show(v, http.StatusOK, "certificate", frame, page)
}

// certificatePage is a certificate with what its owner can do with it.
func certificatePage(frame web.Frame, view cases.View, public cases.PublicCertificate, site string) (Certificate, error) {
	page := Certificate{
		Name: public.Name, Number: public.Number, Issued: frame.Date(public.IssuedAt), Expires: frame.Date(public.ExpiresAt),
		Share: shareLink(site, public.Number),
	}
	var err error
	if page.Code, err = codeOf(page.Share); err != nil {
		return page, err
	}
	if public.Status != cases.CertificateActive {
		notice := web.Notice{Tone: statusTone(public.Status), Heading: plain(frame, "verify.status_"+public.Status), Text: words(frame, "certificate.status_"+public.Status)}
		page.Status = &notice
	}
	page.Rows = []web.Row{
		{Label: plain(frame, "verify.number"), Values: []string{page.Number}},
		{Label: plain(frame, "verify.issued"), Values: []string{page.Issued}},
		{Label: plain(frame, "verify.expires"), Values: []string{page.Expires}},
	}
	page.Sections = []Section{{ID: "renewal", Heading: plain(frame, "certificate.renewal_heading"), Text: certificateRenewal(frame, view)}}
	if can := slices.Contains(view.Available, certification.SignalSubmitRenewal); can {
		page.Sections[0].Buttons = []web.Button{{Label: plain(frame, "certificate.renew"), Address: frame.Link("/cases/" + view.ID + "/renewal")}}
	}
	return page, nil
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

// QRCode is a QR code: the length of a side in modules, and its black ones as the path of
// an SVG.
type QRCode struct {
	Side int
	Path string
}

// quiet is the white edge around a QR code, in modules: readers need four.
const quiet = 4

// codeOf makes the QR code of an address: one path of black runs.
func codeOf(address string) (QRCode, error) {
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		return QRCode{}, fmt.Errorf("making a QR code: %w", err)
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
	return QRCode{Side: code.Size + 2*quiet, Path: path.String()}, nil
}
