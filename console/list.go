package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// rowsAPage is how many cases a page of the list has.
const rowsAPage = 25

// List is the content of the page of cases.
type List struct {
	Tabs   []Tab
	Asked  Asked
	Rows   []Row
	Next   string // address of the next part; empty at the end
	First  string // address of the first part, on later ones
	Empty  string // what to say when there are no rows
	Stages []Choice
	Waits  []Choice
	Codes  []Choice
}

// Tab is a list that is often asked for.
type Tab struct {
	Label, Address string
	Chosen         bool
}

// Asked is what the filter was filled in with.
type Asked struct {
	Find, Assignee, CountyPlan string
	Overdue                    bool
	NotFound                   string // what is wrong with Find
	Open                       bool   // more is chosen than a tab chooses
}

// Choice is an option of a select.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// Row is a case in the list.
type Row struct {
	Number, Address string
	Stage, WaitsOn  string
	Due, DueIn      string
	Overdue, OnHold bool
	Attention       []string
	Assignee        string
}

// attentionCodes are the codes that the list can be asked for. "records" is not among
// them: while it holds, nothing can be written, so only Temporal shows it.
var attentionCodes = []string{
	certification.AttentionNotice, certification.AttentionCheckout, certification.AttentionAuthorization, certification.AttentionDocument, certification.AttentionReview,
	certification.AttentionVendor, certification.AttentionHold, certification.AttentionDispute, certification.AttentionSurplus, certification.AttentionCancel, certification.AttentionUnknown,
}

var parties = []certification.Party{
	certification.PartyApplicant, certification.PartyReviewer, certification.PartyVendor, certification.PartyProcessor,
	certification.PartyOperations, certification.PartyUs, certification.PartyNobody,
}

func (v *visit) list() error {
	filter, asked := cases.Filter{
		Stage: certification.Stage(v.Query("stage")), WaitsOn: certification.Party(v.Query("waits_on")), Attention: v.Query("attention"),
		Assignee: strings.TrimSpace(v.Query("assignee")), CountyPlan: strings.TrimSpace(v.Query("county_plan")),
		Page: cases.Page{Cursor: v.Query("after"), Limit: rowsAPage},
	}, Asked{Find: strings.TrimSpace(v.Query("find")), Overdue: v.Query("overdue") != ""}
	asked.Assignee, asked.CountyPlan = filter.Assignee, filter.CountyPlan
	if asked.Overdue {
		filter.Overdue = new(true)
	}
	query := v.Request.URL.Query()
	if query.Del("after"); len(query) == 0 {
		filter.Attention = "any" // what somebody comes for
	}
	content := List{
		Asked: asked, Empty: "No case is like that.", Tabs: v.tabs(filter),
		Stages: choices(stageNames(), string(filter.Stage)), Waits: choices(parties, string(filter.WaitsOn)), Codes: choices(attentionCodes, filter.Attention),
	}
	content.Asked.Open = filter.Stage != "" || filter.WaitsOn != "" || filter.Assignee != "" || filter.CountyPlan != "" || filter.Attention != "" && filter.Attention != "any"
	if asked.Find != "" {
		number, is := certification.ParseNumber(asked.Find)
		if !is {
			content.Asked.NotFound = "This is no number of a case or a certificate. Look at each letter again: one that is wrong is noticed."
			frame := v.frame("Cases")
			frame.Problems = []web.Problem{{ID: "find", Text: content.Asked.NotFound}}
			return show(v, http.StatusUnprocessableEntity, "list", frame, content)
		}
		filter = cases.Filter{Number: number, Page: filter.Page}
		content.Empty = "There is no case with this number."
	}
	found, err := v.Cases.List(v.Request.Context(), v.actor, filter)
	if err != nil {
		return err
	}
	if asked.Find != "" && len(found.Cases) == 1 {
		v.Redirect(http.StatusSeeOther, casePath(found.Cases[0].ID))
		return nil
	}
	for _, view := range found.Cases {
		content.Rows = append(content.Rows, v.row(view))
	}
	if filter.Attention == "any" && len(content.Rows) == 0 {
		content.Empty = "Nothing needs you now. Every case is on its way."
	}
	if found.Next != "" {
		content.Next = v.listAddress("after", found.Next)
	}
	if filter.Cursor != "" {
		content.First = v.listAddress("after", "")
	}
	return show(v, http.StatusOK, "list", v.frame("Cases"), content)
}

func (v *visit) row(view cases.View) Row {
	row := Row{
		Number: view.Number, Address: casePath(view.ID), Stage: spoken(view.Stage), WaitsOn: spoken(view.WaitsOn()),
		Due: stamp(view.DueAt()), DueIn: until(v.Now(), view.DueAt()), Overdue: view.Overdue(), OnHold: view.OnHold, Assignee: view.Assignee,
	}
	if view.Stage == certification.StageClosed {
		row.Stage = "closed: " + spoken(view.Outcome)
	}
	for _, attention := range asks(view.Case) {
		if !slices.Contains(row.Attention, attention.Code) {
			row.Attention = append(row.Attention, attention.Code)
		}
	}
	return row
}

// tabs are the lists that are often asked for.
func (v *visit) tabs(filter cases.Filter) []Tab {
	plain := filter.Stage == "" && filter.WaitsOn == "" && filter.Assignee == "" && filter.CountyPlan == "" && v.Query("find") == ""
	return []Tab{
		{"Needs attention", "/console", plain && filter.Attention == "any" && filter.Overdue == nil},
		{"Overdue", "/console?overdue=yes", plain && filter.Attention == "" && filter.Overdue != nil},
		{"All", "/console?all=yes", plain && filter.Attention == "" && filter.Overdue == nil},
	}
}

// listAddress is the address of this list with one value changed; without it, if empty.
func (v *visit) listAddress(name, value string) string {
	query := v.Request.URL.Query()
	if query.Del(name); value != "" {
		query.Set(name, value)
	}
	if len(query) == 0 {
		return "/console"
	}
	return (&url.URL{Path: "/console", RawQuery: query.Encode()}).String()
}

func stageNames() []certification.Stage {
	var names []certification.Stage
	for _, rule := range certification.Stages {
		names = append(names, rule.Stage)
	}
	return names
}

func choices[T ~string](values []T, chosen string) []Choice {
	var all []Choice
	for _, value := range values {
		all = append(all, Choice{Value: string(value), Label: spoken(value), Chosen: string(value) == chosen})
	}
	return all
}
